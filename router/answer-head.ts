import * as rule from './answer-rules.ts'
import { BrokenMessage } from './broken-message.ts'
import { endOfLine, valueIn } from './header-lines.ts'
import { asksFor, nominated, withoutNames } from './header-rules.ts'

/** What the router passes on of an answer's header, and how the body after it is framed. */
export interface AnswerHead {
  status: number
  /** Names and values in turn, as the service spelled them. */
  headers: string[]
  /** Bytes; -1 when not declared. */
  length: number
  chunked: boolean
  /** It says when it was made. */
  dated: boolean
  /** Milliseconds the connection may be kept for another request; 0: not at all. */
  keepMs: number
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
 * @throws BrokenMessage
 */
export function parseAnswerHead(text: string): AnswerHead {
  const first = endOfLine(text, 0)
  const [, minor, status] = statusLine.exec(text.slice(0, first)) ?? broken('the status line')
  const headers: string[] = []
  let length = -1
  let chunked = false
  let dated = false
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
      case rule.Dated:
        dated = true
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
  return {
    status: Number(status),
    headers,
    length,
    chunked,
    dated,
    keepMs: mayKeep ? keepMsOf(keepAlive) : 0,
  }
}

function broken(what: string): never {
  throw new BrokenMessage(`The answer has ${what} that is not understood.`)
}

function keepMsOf(keepAlive: string | undefined): number {
  if (keepAlive === undefined) return keepMsUnlessTold
  const [, seconds] = /\btimeout=(\d{1,6})/i.exec(keepAlive) ?? []
  if (seconds === undefined) return keepMsUnlessTold
  return Math.max(0, Math.min(longestKeepMs, Number(seconds) * 1_000 - keepMarginMs))
}
