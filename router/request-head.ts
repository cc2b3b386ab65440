import { randomUUID } from 'node:crypto'
import { METHODS } from 'node:http'
import { endOfLine, headersIn, linesOf, valueIn } from './header-lines.ts'
import * as rule from './header-rules.ts'
import type { Refusal } from './refusal.ts'
import * as refusal from './refusal.ts'

/** What the router passes on of a request's header, and how the body after it is framed. */
export interface RequestHead {
  method: string
  url: string
  /** As sent, with its port. */
  host: string
  /** The lines for the service, each with its CRLF, without those of its connection. */
  lines: string
  hasBody: boolean
  /** The body comes in chunks, not with a length. */
  chunked: boolean
  /** Bytes of a body that does not come in chunks. */
  length: number
  isHttp10: boolean
  mayKeep: boolean
  expectsContinue: boolean
  isWebSocket: boolean
}

/** Who sends it, as far as the service is told. */
export interface Sender {
  address: string
  /** Is a proxy whose word about its own client is taken. */
  trusted: boolean
}

const methods = new Set(METHODS)
const requestLine = /^([A-Z-]{1,32}) ([\x21-\x7e]+) HTTP\/(\d)\.(\d)$/
/** In any of the lines. A CR at the end may still be followed by its LF. */
const forbidden = /[^\t\r\n\x20-\x7e\x80-\xff]|\r(?!\n|$)|(?<!\r)\n/g
const decimal = /^\d{1,15}$/

/** Whether the text cannot be the beginning of any header. Only what comes from `from` on is looked at. */
export function isBroken(text: string, from: number): boolean {
  forbidden.lastIndex = from
  return forbidden.test(text)
}

/**
 * Returns a refusal for whatever two parsers could understand in two ways.
 * @param text up to the empty line, in latin1, with the CRLF of the last line.
 */
export function readHead(text: string, { address, trusted }: Sender): RequestHead | Refusal {
  if (isBroken(text, 0)) return malformed('a character that is not allowed there')
  const first = endOfLine(text, 0)
  const [, method, url, major, minor] = requestLine.exec(text.slice(0, first)) ?? []
  if (method === undefined || url === undefined) return malformed('a first line that is not understood')
  if (major !== '1' || (minor !== '0' && minor !== '1')) return refusal.versionRefused
  if (method === 'CONNECT') return refusal.connectRefused
  if (method === 'TRACE') return refusal.traceRefused
  if (!methods.has(method)) return refusal.methodRefused(method)

  let host: string | undefined
  let connection: string | undefined
  let length: string | undefined
  let encoding: string | undefined
  let upgrade: string | undefined
  let expect: string | undefined
  let forwardedFor: string | undefined
  let forwardedProto: string | undefined
  let forwardedHost: string | undefined
  let requestId: string | undefined

  let lines = ''
  /** Lines from here on are passed on as they are, and not copied one by one. */
  let run = first + 2
  for (let at = run, end: number; at < text.length; at = end + 2) {
    end = endOfLine(text, at)
    const colon = text.indexOf(':', at)
    if (colon === -1 || colon > end) return malformed('a line without a colon')
    const does = rule.requestNameOf(text.slice(at, colon)).rule
    if (does === rule.Forward) continue
    const value = valueIn(text, colon + 1, end)
    switch (does) {
      case rule.Malformed:
        return malformed('a name that is not understood')
      case rule.Host:
        if (host !== undefined) return refusal.badRequest('The request has more than one Host header.')
        host = value
        continue
      case rule.Connection:
        connection = connection === undefined ? value : `${connection},${value}`
        break
      case rule.ContentLength:
        if (length !== undefined)
          return refusal.badRequest('The request has more than one Content-Length header.')
        if (!decimal.test(value) || hasTab(text, colon, end))
          return malformed('a Content-Length that is not a number of bytes')
        length = value
        break
      case rule.TransferEncoding:
        if (encoding !== undefined)
          return refusal.badRequest('The request has more than one Transfer-Encoding header.')
        if (hasTab(text, colon, end)) return refusal.encodingRefused
        encoding = value
        break
      case rule.Upgrade:
        upgrade = value
        break
      case rule.Expect:
        expect = value
        break
      case rule.ForwardedFor:
        forwardedFor = forwardedFor === undefined ? value : `${forwardedFor}, ${value}`
        break
      case rule.ForwardedProto:
        forwardedProto = value
        break
      case rule.ForwardedHost:
        forwardedHost = value
        break
      case rule.RequestId:
        requestId = value
        break
      case rule.Claim:
        if (trusted) continue
    }
    lines += text.slice(run, at)
    run = end + 2
  }
  lines += text.slice(run)

  if (host === undefined || host === '') return refusal.badRequest('The request has no Host header.')
  if (!plainPort.test(portIn(host))) return refusal.badRequest('The Host header has no port after its colon.')
  if (url.charCodeAt(0) !== 47) {
    return refusal.badRequest(
      'The request target must be a path that starts with a slash, not an absolute URL.',
    )
  }
  if (encoding !== undefined) {
    if (length !== undefined)
      return refusal.badRequest('The request has both Content-Length and Transfer-Encoding.')
    if (minor === '0') return refusal.badRequest('HTTP/1.0 has no Transfer-Encoding.')
    if (encoding.toLowerCase() !== 'chunked') return refusal.encodingRefused
  }
  const expects = minor === '1' && expect !== undefined
  if (expects && expect?.toLowerCase() !== '100-continue') return refusal.expectationRefused

  const dropped = connection === undefined ? undefined : rule.nominated(connection)
  if (dropped !== undefined) lines = withoutLines(lines, dropped)
  if (length !== undefined) lines += `content-length: ${length}\r\n`
  const from = trusted && forwardedFor !== undefined ? `${forwardedFor}, ${address}` : address
  const proto = trusted && forwardedProto !== undefined ? forwardedProto : 'http'
  const asked = trusted && forwardedHost !== undefined ? forwardedHost : host
  const id = requestId !== undefined && saneId.test(requestId) ? requestId : randomUUID()
  lines += `x-forwarded-for: ${from}\r\nx-forwarded-proto: ${proto}\r\nx-forwarded-host: ${asked}\r\nx-request-id: ${id}\r\n`

  const chunked = encoding !== undefined
  const bytes = length === undefined ? 0 : Number(length)
  return {
    method,
    url,
    host,
    lines,
    hasBody: chunked || bytes > 0,
    chunked,
    length: bytes,
    isHttp10: minor === '0',
    mayKeep: minor === '1' ? !rule.asksFor('close', connection) : rule.asksFor('keep-alive', connection),
    expectsContinue: expects,
    isWebSocket:
      upgrade !== undefined &&
      method === 'GET' &&
      minor === '1' &&
      upgrade.toLowerCase() === 'websocket' &&
      rule.asksFor('upgrade', connection) &&
      length === undefined &&
      !chunked,
  }
}

/** As it is sent to the service. */
export function requestText({ method, url, lines, chunked }: RequestHead): string {
  const framing = chunked ? 'transfer-encoding: chunked\r\n' : ''
  return `${method} ${url} HTTP/1.1\r\n${lines}${framing}\r\n`
}

function withoutLines(lines: string, names: Set<string>): string {
  const headers = headersIn(lines)
  rule.withoutNames(headers, names)
  return linesOf(headers)
}

/** Allowed there, but not read in the same way by all. */
function hasTab(text: string, from: number, to: number): boolean {
  const at = text.indexOf('\t', from)
  return at !== -1 && at < to
}

const malformed = (what: string): Refusal =>
  refusal.badRequest(`The request is not valid HTTP/1.1: its header has ${what}.`)

/** Up to 128 letters, digits, `-`, `_`, `.`, `:`, `/`, `+`, `=`. */
const saneId = /^[\w.:/+=-]{1,128}$/

/** `Shop.localhost:8080` → `shop.localhost`. */
export function hostName(host: string): string {
  const colon = portColon(host)
  return (colon === -1 ? host : host.slice(0, colon)).toLowerCase()
}

/** A service that makes links of its Host would carry anything else into them. It may be empty (RFC 9110, 4.2.3). */
const plainPort = /^\d{0,5}$/

function portIn(host: string): string {
  const colon = portColon(host)
  return colon === -1 ? '' : host.slice(colon + 1)
}

/** Not one within an IPv6 address. */
function portColon(host: string): number {
  const colon = host.lastIndexOf(':')
  return colon > host.lastIndexOf(']') ? colon : -1
}
