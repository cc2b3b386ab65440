/** What becomes of a request header. Numbers, as this is looked up for every header of every request. */
export const Forward = 0
/** Hop-by-hop, or answered by the router itself. */
export const Drop = 1
/** Tells about the client: kept only from a trusted proxy. */
export const Claim = 2
export const Host = 3
export const Connection = 4
export const ContentLength = 5
export const TransferEncoding = 6
export const ForwardedFor = 7
export const ForwardedProto = 8
export const ForwardedHost = 9
export const RequestId = 10

const known: Record<string, number> = {
  host: Host,
  connection: Connection,
  'content-length': ContentLength,
  'transfer-encoding': TransferEncoding,
  'x-forwarded-for': ForwardedFor,
  'x-forwarded-proto': ForwardedProto,
  'x-forwarded-host': ForwardedHost,
  'x-request-id': RequestId,
  forwarded: Claim,
  'x-real-ip': Claim,
  expect: Drop,
  'http2-settings': Drop,
  'keep-alive': Drop,
  'proxy-authorization': Drop,
  'proxy-connection': Drop,
  te: Drop,
  trailer: Drop,
  upgrade: Drop,
}

// Clients choose the spelling, so the memory of spellings is bounded.
const spellings = new Map<string, number>()
const mostSpellings = 2_000
const longestSpelling = 100

export function ruleOf(name: string): number {
  const remembered = spellings.get(name)
  if (remembered !== undefined) return remembered
  const rule = classify(name.toLowerCase())
  if (spellings.size < mostSpellings && name.length <= longestSpelling) spellings.set(name, rule)
  return rule
}

function classify(name: string): number {
  if (Object.hasOwn(known, name)) return known[name] ?? Forward
  // CGI-like servers read `X_Forwarded_For` as `X-Forwarded-For`.
  const dashed = name.replaceAll('_', '-')
  if (dashed.startsWith('x-forwarded-') || dashed === 'x-real-ip' || dashed === 'forwarded') return Claim
  if (dashed !== name && Object.hasOwn(known, dashed)) return Drop
  return Forward
}

/** The header names that a Connection header asks to be removed; undefined for the common values. */
export function nominated(connection: string): Set<string> | undefined {
  if (connection === 'keep-alive' || connection === 'close' || connection === 'Keep-Alive') return undefined
  const names = new Set<string>()
  for (const part of connection.split(',')) {
    const name = part.trim().toLowerCase()
    // Connection may not take away what routing, framing or the client's address rest on.
    if (name !== '' && (ruleOf(name) === Forward || ruleOf(name) === Drop)) names.add(name)
  }
  return names
}

/** Takes them out of names and values in turn, in place. */
export function withoutNames(headers: string[], names: Set<string>): void {
  let kept = 0
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string
    if (names.has(name.toLowerCase())) continue
    headers[kept++] = name
    headers[kept++] = headers[i + 1] as string
  }
  headers.length = kept
}
