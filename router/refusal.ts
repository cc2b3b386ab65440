import type { ServerResponse } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { AnswerHead } from './answer-head.ts'
import { linesOf } from './header-lines.ts'

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
  const { head, body } = refusalAnswer(refusal)
  if (refusal.close) response.shouldKeepAlive = false
  response.writeHead(refusal.status, head.headers)
  response.end(body)
}

/** The same as raw text, after which the connection ends. */
export function rawRefusal(refusal: Refusal): string {
  const { head, body } = refusalAnswer(refusal)
  const first = `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}\r\n`
  return `${first}${linesOf(head.headers)}connection: close\r\n\r\n${body}`
}

/** The same as an answer like those of a service. */
export function refusalAnswer(refusal: Refusal): { head: AnswerHead; body: string } {
  const body = problemBody(refusal)
  const headers = headersOf(refusal, body)
  const length = Buffer.byteLength(body)
  return { head: { status: refusal.status, headers, length, chunked: false, dated: false, keepMs: 0 }, body }
}

function headersOf({ retryAfter }: Refusal, body: string): string[] {
  const headers = ['content-type', 'application/problem+json', 'cache-control', 'no-store']
  headers.push('content-length', String(Buffer.byteLength(body)))
  if (retryAfter !== undefined) headers.push('retry-after', String(retryAfter))
  return headers
}

/** In ASCII, as a host name that is part of it may hold any byte. */
function problemBody({ status, code, detail }: Refusal): string {
  const title = STATUS_CODES[status] ?? 'Error'
  const json = JSON.stringify({ type: 'about:blank', title, status, code, detail })
  return `${json.replaceAll(/[\u0080-\uffff]/g, escaped)}\n`
}

const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`

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

export const headerTooLarge: Refusal = {
  status: 431,
  code: 'HeaderTooLarge',
  detail: 'The header of the request is too large.',
  close: true,
}

export const headerTimedOut: Refusal = {
  status: 408,
  code: 'RequestTimedOut',
  detail: 'The header of the request did not arrive in time.',
  close: true,
}

export const versionRefused: Refusal = {
  status: 505,
  code: 'HttpVersionNotSupported',
  detail: 'Only HTTP/1.1 and HTTP/1.0 are understood here.',
  close: true,
}

export const traceRefused: Refusal = {
  status: 405,
  code: 'MethodNotAllowed',
  detail: 'TRACE is not passed on.',
  close: true,
}

export const connectRefused: Refusal = {
  status: 405,
  code: 'MethodNotAllowed',
  detail: 'This is not a forward proxy.',
  close: true,
}

export const methodRefused = (method: string): Refusal => ({
  status: 501,
  code: 'UnknownMethod',
  detail: `The method ${method} is not known here.`,
  close: true,
})

export const encodingRefused: Refusal = {
  status: 501,
  code: 'UnknownTransferEncoding',
  detail: 'The only Transfer-Encoding understood is chunked.',
  close: true,
}

export const expectationRefused: Refusal = {
  status: 417,
  code: 'UnknownExpectation',
  detail: 'The only expectation understood is 100-continue.',
  close: true,
}
