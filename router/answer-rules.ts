/** What becomes of an answer's header. Numbers, as this is looked up for every header of every answer. */
export const Forward = 0
/** Hop-by-hop. */
export const Drop = 1
export const Connection = 2
export const KeepAlive = 3
export const ContentLength = 4
export const TransferEncoding = 5
/** Not a header name at all: empty, with a blank in it, the continuation of a folded line. */
export const Malformed = 6

const known = new Map([
  ['connection', Connection],
  ['keep-alive', KeepAlive],
  ['content-length', ContentLength],
  ['transfer-encoding', TransferEncoding],
  ['proxy-authenticate', Drop],
  ['proxy-connection', Drop],
  ['te', Drop],
  ['trailer', Drop],
  ['upgrade', Drop],
])
const token = /^[\w!#$%&'*+.^`|~-]+$/

export interface AnswerName {
  /** As the service spells it. */
  name: string
  rule: number
}

// Services choose the spelling, so the memory of spellings is bounded.
const spellings = new Map<string, AnswerName>()
const mostSpellings = 2_000
const longestSpelling = 100

export function answerNameOf(spelling: string): AnswerName {
  const remembered = spellings.get(spelling)
  if (remembered !== undefined) return remembered
  // A copy, as a part of a string keeps the whole of it in memory, which here is a whole header.
  const name = Buffer.from(spelling, 'latin1').toString('latin1')
  const rule = token.test(name) ? (known.get(name.toLowerCase()) ?? Forward) : Malformed
  const answerName = { name, rule }
  if (spellings.size < mostSpellings && name.length <= longestSpelling) spellings.set(name, answerName)
  return answerName
}
