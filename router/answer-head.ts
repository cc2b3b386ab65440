import * as rule from './answer-rules.ts'
import { nominated, withoutNames } from './header-rules.ts'

/** What the router passes on of an answer's header, and how the body after it is framed. */
export interface AnswerHead {
  status: number
  /** Names and values in turn, as the service spelled them. */
  headers: string[]
  /** Bytes; -1 when not declared. */
  length: number
  chunked: boolean
  /** Milliseconds the connection may be kept for another request; 0: not at all. */
  keepMs: number
}

/** A service answered something that is not HTTP/1, or that two parsers could understand in two ways. */
export class BrokenAnswer extends Error {
  override name = 'BrokenAnswer'
}

/** Below the 2 s after which gunicorn, the quickest of the common servers, closes an idle connection. */
const keepMsUnlessTold = 1_500
const longestKeepMs = 30_000
/** The service counts from when it has sent its answer, the router from when it has read it. */
const keepMarginMs = 1_000

const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/
const forbiddenInValue = /[^\t\x20-\x7e\x80-\xff]/
const decimal = /^\d{1,15}$/

/**
 * @param text up to the empty line, in latin1, without the last CRLF.
 * @throws BrokenAnswer
 */
export function parseAnswerHead(text: string): AnswerHead {
  const first = endOfLine(text, 0)
  const [, minor, status] = statusLine.exec(text.slice(0, first)) ?? broken('the status line')
  const headers: string[] = []
  let length = -1
  let chunked = false
  let connection: string | undefined
  let keepAlive: string | undefined

  for (let at = first + 2, end; at < text.length; at = end + 2) {
    end = endOfLine(text, at)
    const colon = text.indexOf(':', at)
    if (colon === -1 || colon > end) broken('a header without a colon')
    const { name, rule: does } = rule.answerNameOf(text.slice(at, colon))
    const value = valueIn(text, colon + 1, end)
    if (forbiddenInValue.test(value)) broken(`a control character in ${name}`)
    switch (does) {
      case rule.Forward:
        headers.push(name, value)
        break
      case rule.ContentLength:
        if (length !== -1) broken('more than one Content-Length')
        if (!decimal.test(value)) broken('a Content-Length that is no number')
        length = Number(value)
        headers.push(name, value)
        break
      case rule.TransferEncoding:
        if (chunked || value.toLowerCase() !== 'chunked') broken('a Transfer-Encoding other than chunked')
        chunked = true
        break
      case rule.Connection:
        connection = connection === undefined ? value : `${connection},${value}`
        break
      case rule.KeepAlive:
        keepAlive = value
        break
      case rule.Malformed:
        broken('a header name')
    }
  }

  if (chunked && length !== -1) broken('both Content-Length and Transfer-Encoding')
  const dropped = connection === undefined ? undefined : nominated(connection)
  if (dropped !== undefined) withoutNames(headers, dropped)
  // The framing of a chunked HTTP/1.0 answer is not to be relied on any further (RFC 9112, 6.1).
  const mayKeep =
    minor === '1' ? !asksFor('close', connection) : !chunked && asksFor('keep-alive', connection)
  return { status: Number(status), headers, length, chunked, keepMs: mayKeep ? keepMsOf(keepAlive) : 0 }
}

function broken(what: string): never {
  throw new BrokenAnswer(`The answer has ${what} that is not understood.`)
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\r\n', from)
  return end === -1 ? text.length : end
}

/** Without the blanks around it. */
function valueIn(text: string, from: number, to: number): string {
  while (from < to && isBlank(text.charCodeAt(from))) from++
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

const isBlank = (code: number): boolean => code === 32 || code === 9

function asksFor(option: 'close' | 'keep-alive', connection: string | undefined): boolean {
  if (connection === undefined) return false
  const asked = connection.toLowerCase()
  return asked === option || (asked.includes(',') && asked.split(',').some((one) => one.trim() === option))
}

function keepMsOf(keepAlive: string | undefined): number {
  if (keepAlive === undefined) return keepMsUnlessTold
  const [, seconds] = /\btimeout=(\d{1,6})/i.exec(keepAlive) ?? []
  if (seconds === undefined) return keepMsUnlessTold
  return Math.max(0, Math.min(longestKeepMs, Number(seconds) * 1_000 - keepMarginMs))
}
