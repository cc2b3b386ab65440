import { Forward, headerNames } from './header-names.ts'

export { Forward, Malformed } from './header-names.ts'
/** Hop-by-hop. */
export const Drop = 1
export const Connection = 2
export const KeepAlive = 3
export const ContentLength = 4
export const TransferEncoding = 5
export const Dated = 6

const known = new Map([
  ['connection', Connection],
  ['keep-alive', KeepAlive],
  ['content-length', ContentLength],
  ['transfer-encoding', TransferEncoding],
  ['date', Dated],
  ['proxy-authenticate', Drop],
  ['proxy-connection', Drop],
  ['te', Drop],
  ['trailer', Drop],
  ['upgrade', Drop],
])

export const answerNameOf = headerNames((name) => known.get(name) ?? Forward)
