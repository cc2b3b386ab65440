import type { ServerResponse } from 'node:http'
import { STATUS_CODES } from 'node:http'

/** An answer that the router gives itself, as problem+json. */
export interface Refusal {
  status: number
  code: string
  detail: string
  /** Seconds. */
  retryAfter?: number
  /** The connection cannot be trusted any further. */
  close?: boolean
}

export function refuse(response: ServerResponse, refusal: Refusal): void {
  const body = problemBody(refusal)
  const headers = ['content-type', 'application/problem+json', 'cache-control', 'no-store']
  headers.push('content-length', String(Buffer.byteLength(body)))
  if (refusal.retryAfter !== undefined) headers.push('retry-after', String(refusal.retryAfter))
  if (refusal.close) response.shouldKeepAlive = false
  response.writeHead(refusal.status, headers)
  response.end(body)
}

/** The same as raw text, for connections that have no request object. */
export function rawRefusal(refusal: Refusal): string {
  const body = problemBody(refusal)
  return (
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}\r\n` +
    'content-type: application/problem+json\r\ncache-control: no-store\r\nconnection: close\r\n' +
    `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  )
}

const problemBody = ({ status, code, detail }: Refusal) =>
  `${JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, code, detail })}\n`

export const badRequest = (detail: string): Refusal => ({
  status: 400,
  code: 'BadRequest',
  detail,
  close: true,
})

export const unknownHost = (host: string): Refusal => ({
  status: 404,
  code: 'UnknownHost',
  detail: `No service is deployed under the host name ${host}.`,
})

export const noLiveRelease = (route: string): Refusal => ({
  status: 503,
  code: 'NoLiveRelease',
  detail: `${route} has no live release at the moment.`,
  retryAfter: 5,
})

export const overloaded = (route: string): Refusal => ({
  status: 503,
  code: 'TooManyRequests',
  detail: `${route} has as many requests in flight as the router allows.`,
  retryAfter: 1,
})

export const unreachable = (route: string): Refusal => ({
  status: 502,
  code: 'ServiceUnreachable',
  detail: `The live release of ${route} does not accept connections.`,
})

export const brokenAnswer = (route: string): Refusal => ({
  status: 502,
  code: 'ServiceAnswerBroken',
  detail: `The live release of ${route} closed the connection or answered something that is not HTTP.`,
})

export const answerTimedOut = (route: string): Refusal => ({
  status: 504,
  code: 'ServiceTimedOut',
  detail: `The live release of ${route} did not begin its answer in time.`,
})

export const releaseRetired = (route: string): Refusal => ({
  status: 503,
  code: 'ReleaseRetired',
  detail: `The request outlived the release of ${route} that was serving it. Send it again.`,
  retryAfter: 1,
  close: true,
})

export const uploadStalled: Refusal = {
  status: 408,
  code: 'RequestTimedOut',
  detail: 'The body of the request stopped arriving.',
  close: true,
}
