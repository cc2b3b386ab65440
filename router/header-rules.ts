import { Forward, headerNames } from './header-names.ts'

/** What becomes of a request header. */
export { Forward, Malformed } from './header-names.ts'
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
export const Expect = 11
export const Upgrade = 12

const known = new Map([
  ['host', Host],
  ['connection', Connection],
  ['content-length', ContentLength],
  ['transfer-encoding', TransferEncoding],
  ['x-forwarded-for', ForwardedFor],
  ['x-forwarded-proto', ForwardedProto],
  ['x-forwarded-host', ForwardedHost],
  ['x-request-id', RequestId],
  ['expect', Expect],
  ['upgrade', Upgrade],
  ['forwarded', Claim],
  ['x-real-ip', Claim],
  ['http2-settings', Drop],
  ['keep-alive', Drop],
  ['proxy-authorization', Drop],
  ['proxy-connection', Drop],
  ['te', Drop],
  ['trailer', Drop],
])

export const requestNameOf = headerNames((name) => {
  const rule = known.get(name)
  if (rule !== undefined) return rule
  // CGI-like servers read `X_Forwarded_For` as `X-Forwarded-For`.
  const dashed = name.replaceAll('_', '-')
  if (dashed.startsWith('x-forwarded-') || dashed === 'x-real-ip' || dashed === 'forwarded') return Claim
  return known.has(dashed) ? Drop : Forward
})

/** The header names that a Connection header asks to be removed; undefined for the common values. */
export function nominated(connection: string): Set<string> | undefined {
  if (connection === 'keep-alive' || connection === 'close' || connection === 'Keep-Alive') return undefined
  const names = new Set<string>()
  for (const part of connection.split(',')) {
    const name = part.trim().toLowerCase()
    const { rule } = requestNameOf(name)
    // Connection may not take away what routing, framing or the client's address rest on.
    if (rule === Forward || rule === Drop) names.add(name)
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

/** Whether a Connection header has the option. */
export function asksFor(option: 'close' | 'keep-alive' | 'upgrade', connection: string | undefined): boolean {
  if (connection === undefined) return false
  const asked = connection.toLowerCase()
  return asked === option || (asked.includes(',') && asked.split(',').some((one) => one.trim() === option))
}
