/** Undefined when the text is not a JSON object; comments and trailing commas are allowed, as in deno.jsonc. */
export function readJsonObject(text: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (text === undefined) return undefined
  const start = text.slice(0, 256 * 1024)
  for (const form of [() => start, () => withoutComments(start)]) {
    try {
      const value: unknown = JSON.parse(form())
      return typeof value === 'object' && value !== null && !Array.isArray(value)
        ? (value as Record<string, unknown>)
        : undefined
    } catch {
      // The second form, then nothing.
    }
  }
  return undefined
}

/** Reads through once: a pattern that looks for the end of each comment would take forever on unclosed ones. */
function withoutComments(text: string): string {
  let plain = ''
  for (let at = 0; at < text.length;) {
    const end = endOfToken(text, at)
    const token = text.slice(at, end)
    if (!token.startsWith('//') && !token.startsWith('/*')) plain += token
    at = end
  }
  return plain.replaceAll(
    /("(?:[^"\\\n]|\\.)*")|,(?=\s{0,200}[}\]])/g,
    (_, kept: string | undefined) => kept ?? '',
  )
}

/** A string, a comment, or one character. */
function endOfToken(text: string, start: number): number {
  const closed = (mark: string, from: number) => {
    const found = text.indexOf(mark, from)
    return found < 0 ? text.length : found + mark.length
  }
  if (text.startsWith('//', start)) return closed('\n', start)
  if (text.startsWith('/*', start)) return closed('*/', start + 2)
  if (text[start] !== '"') return start + 1
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at + 1
  }
  return text.length
}
