import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import * as rule from './header-rules.ts'
import type { Refusal } from './refusal.ts'
import { badRequest } from './refusal.ts'

/** What the router passes on of a request's header. */
export interface RequestHead {
  /** As sent, with its port. */
  host: string
  /** Names and values in turn, ready for the service. */
  headers: string[]
  hasBody: boolean
  /** The body comes in chunks, not with a length. */
  chunked: boolean
}

/**
 * Checks what Node's parser lets through and builds the header for the service in one pass over the raw one.
 * Returns a refusal for whatever two parsers could understand in two ways.
 */
export function readHead(request: IncomingMessage, trustProxy: boolean): RequestHead | Refusal {
  const raw = request.rawHeaders
  const headers: string[] = []
  let host: string | undefined
  let connection: string | undefined
  let length: string | undefined
  let encoding: string | undefined
  let forwardedFor: string | undefined
  let forwardedProto: string | undefined
  let forwardedHost: string | undefined
  let requestId: string | undefined

  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    const value = raw[i + 1] as string
    switch (rule.ruleOf(name)) {
      case rule.Forward:
        headers.push(name, value)
        break
      case rule.Host:
        if (host !== undefined) return badRequest('The request has more than one Host header.')
        host = value
        headers.push(name, value)
        break
      case rule.Connection:
        connection = connection === undefined ? value : `${connection},${value}`
        break
      case rule.ContentLength:
        if (length !== undefined) return badRequest('The request has more than one Content-Length header.')
        length = value
        break
      case rule.TransferEncoding:
        if (encoding !== undefined)
          return badRequest('The request has more than one Transfer-Encoding header.')
        encoding = value
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
        if (trustProxy) headers.push(name, value)
        break
    }
  }

  if (host === undefined || host === '') return badRequest('The request has no Host header.')
  const url = request.url ?? ''
  if (url.charCodeAt(0) !== 47) {
    return badRequest('The request target must be a path that starts with a slash, not an absolute URL.')
  }
  if (encoding !== undefined) {
    if (length !== undefined) return badRequest('The request has both Content-Length and Transfer-Encoding.')
    if (request.httpVersionMinor === 0) return badRequest('HTTP/1.0 has no Transfer-Encoding.')
    if (encoding.toLowerCase() !== 'chunked') {
      return {
        ...badRequest('The only Transfer-Encoding understood is chunked.'),
        status: 501,
        code: 'UnknownTransferEncoding',
      }
    }
  }
  const dropped = connection === undefined ? undefined : rule.nominated(connection)
  if (dropped !== undefined) rule.withoutNames(headers, dropped)

  const hasBody = encoding !== undefined || (length !== undefined && Number(length) > 0)
  if (length !== undefined) headers.push('content-length', length)

  const client = request.socket.remoteAddress ?? 'unknown'
  headers.push(
    'x-forwarded-for',
    trustProxy && forwardedFor !== undefined ? `${forwardedFor}, ${client}` : client,
    'x-forwarded-proto',
    trustProxy && forwardedProto !== undefined ? forwardedProto : 'http',
    'x-forwarded-host',
    trustProxy && forwardedHost !== undefined ? forwardedHost : host,
    'x-request-id',
    requestId !== undefined && isSaneId(requestId) ? requestId : randomUUID(),
  )
  return { host, headers, hasBody, chunked: encoding !== undefined }
}

/** As it is sent to the service. The parser has let no line end into any part of it. */
export function requestText(method: string, url: string, { headers, chunked }: RequestHead): string {
  let text = `${method} ${url} HTTP/1.1\r\n`
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`
  return chunked ? `${text}transfer-encoding: chunked\r\n\r\n` : `${text}\r\n`
}

/** Up to 128 letters, digits, `-`, `_`, `.`, `:`, `/`, `+`, `=`. */
function isSaneId(id: string): boolean {
  if (id.length === 0 || id.length > 128) return false
  for (let i = 0; i < id.length; i++) {
    const c = id.charCodeAt(i)
    const sane =
      (c >= 97 && c <= 122) ||
      (c >= 65 && c <= 90) ||
      (c >= 45 && c <= 58) ||
      c === 95 ||
      c === 43 ||
      c === 61
    if (!sane) return false
  }
  return true
}

/** `Shop.localhost:8080` → `shop.localhost`. */
export function hostName(host: string): string {
  const colon = host.lastIndexOf(':')
  const name = colon > host.lastIndexOf(']') && colon !== -1 ? host.slice(0, colon) : host
  return name.toLowerCase()
}
