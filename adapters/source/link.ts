/** As many as Linux follows before it answers ELOOP. */
const mostHops = 40

/**
 * Where a path leads once every symbolic link in it is followed, as the kernel would do it: `..` is taken
 * from the folder that was really reached, so looking at the text of the link is not enough.
 * @returns the path; `outside` when it is absolute or climbs out; undefined for a loop
 */
export function follow(from: string, links: ReadonlyMap<string, string>): string | undefined {
  const rest = from.split('/').toReversed()
  const reached: string[] = []
  let hops = 0
  while (rest.length > 0) {
    const name = rest.pop()!
    if (name === '' || name === '.') continue
    if (name === '..') {
      if (reached.pop() === undefined) return outside
      continue
    }
    const target = links.get([...reached, name].join('/'))
    if (target === undefined) {
      reached.push(name)
      continue
    }
    if (++hops > mostHops) return undefined
    if (target.startsWith('/')) return outside
    rest.push(...target.split('/').toReversed())
  }
  return reached.join('/')
}

/** No path of a tree has an empty part, so this is none. */
export const outside = '//outside'

/** A loop leads nowhere, which is harmless. */
export const leavesTree = (link: string, links: ReadonlyMap<string, string>): boolean =>
  follow(link, links) === outside
