/** What becomes of a header is a number, as it is looked up for every header of every message. */
export const Forward = 0
/** Not a header name at all: empty, with a blank in it, the continuation of a folded line. */
export const Malformed = -1

export interface HeaderName {
  /** As its sender spells it. */
  name: string
  rule: number
}

/** As a part of a pattern (RFC 9110, 5.6.2). */
export const token = "[\\w!#$%&'*+.^`|~-]+"
const wholeToken = new RegExp(`^${token}$`)
// Senders choose the spelling, so the memory of spellings is bounded.
const mostSpellings = 2_000
const longestSpelling = 100

/** @param ruleOf gets names in lower case. */
export function headerNames(ruleOf: (name: string) => number): (spelling: string) => HeaderName {
  const spellings = new Map<string, HeaderName>()
  return (spelling) => {
    const remembered = spellings.get(spelling)
    if (remembered !== undefined) return remembered
    // A copy, as a part of a string keeps the whole of it in memory, which here is a whole header.
    const name = Buffer.from(spelling, 'latin1').toString('latin1')
    const headerName = { name, rule: wholeToken.test(name) ? ruleOf(name.toLowerCase()) : Malformed }
    if (spellings.size < mostSpellings && name.length <= longestSpelling) spellings.set(name, headerName)
    return headerName
  }
}
