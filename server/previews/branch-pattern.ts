/** Whether one of the patterns means this branch; none at all means every branch. `*` is any text. */
export const meansBranch = (patterns: readonly string[], branch: string): boolean =>
  patterns.length === 0 || patterns.some((pattern) => fits(pattern, branch))

/** Each part as far left as it goes: no pattern makes that slow. */
function fits(pattern: string, branch: string): boolean {
  const [first = '', ...parts] = pattern.split('*')
  const last = parts.pop()
  if (last === undefined) return pattern === branch
  if (!branch.startsWith(first)) return false
  let at = first.length
  for (const part of parts) {
    const found = branch.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return branch.length - last.length >= at && branch.endsWith(last)
}
