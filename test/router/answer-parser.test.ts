import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AnswerHead } from '../../router/answer-head.ts'
import { AnswerParser } from '../../router/answer-parser.ts'

interface Read {
  head: AnswerHead | undefined
  body: string
  complete: boolean
  keepMs: number
}

/** The parts as they come, then the end of the service's side. */
function read(parts: Buffer[], method = 'GET'): Read {
  let head: AnswerHead | undefined
  let body = ''
  const parser = new AnswerParser(method, {
    onHead: (one) => (head = one),
    onBody: (part) => (body += part.toString('latin1')),
  })
  for (const part of parts) parser.read(part)
  const { isComplete, keepMs } = parser
  return { head, body, complete: isComplete || parser.end(), keepMs }
}

const whole = (text: string, method?: string) => read([Buffer.from(text, 'latin1')], method)
const ok = (lines: string, body = '') => `HTTP/1.1 200 OK\r\n${lines}\r\n\r\n${body}`
const chunked = 'Transfer-Encoding: chunked'

describe('an answer of a service', () => {
  it.each<[string, string, Partial<Read>]>([
    ['with a length', ok('Content-Length: 2', 'hi'), { body: 'hi', complete: true, keepMs: 1_500 }],
    ['in chunks', ok(chunked, '2\r\nhi\r\n3;a=b\r\n yo\r\n0\r\n\r\n'), { body: 'hi yo', complete: true }],
    ['in chunks, with trailers', ok(chunked, '0\r\nX-A: b\r\n\r\n'), { complete: true, keepMs: 1_500 }],
    ['up to the close', ok('X-A: b', 'hi'), { body: 'hi', complete: true, keepMs: 0 }],
    ['that ends before its length', ok('Content-Length: 3', 'hi'), { complete: false }],
    ['that ends within a chunk', ok(chunked, '5\r\nhi'), { complete: false }],
    ['that ends before the last chunk', ok(chunked, '2\r\nhi\r\n'), { complete: false }],
    ['that ends before the last empty line', ok(chunked, '0\r\n'), { complete: false }],
    ['that ends within its header', 'HTTP/1.1 200 OK\r\nX-A', { head: undefined, complete: false }],
    ['after 103', `HTTP/1.1 103 Early\r\nA: b\r\n\r\n${ok('Content-Length: 1', 'x')}`, { body: 'x' }],
    ['with more than its length', ok('Content-Length: 2', 'hi!'), { body: 'hi', complete: true, keepMs: 0 }],
    ['with more than its chunks', ok(chunked, '0\r\n\r\nHTTP'), { complete: true, keepMs: 0 }],
    ['that asks for close', ok('Content-Length: 0\r\nConnection: x, Close'), { keepMs: 0 }],
    ['that says how long it waits', ok('Content-Length: 0\r\nKeep-Alive: timeout=5'), { keepMs: 4_000 }],
    ['that waits too shortly', ok('Content-Length: 0\r\nKeep-Alive: timeout=1'), { keepMs: 0 }],
    ['of HTTP/1.0', 'HTTP/1.0 200\r\nContent-Length: 0\r\n\r\n', { complete: true, keepMs: 0 }],
    [
      'of HTTP/1.0 that keeps the connection',
      'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n',
      { keepMs: 1_500 },
    ],
  ])('%s', (_, text, expected) => {
    expect(whole(text)).toMatchObject(expected)
  })

  it.each([
    ['HEAD', ok('Content-Length: 5')],
    ['HEAD', ok(chunked)],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n'],
    ['GET', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n'],
  ])('to %s has no body: %j', (method, text) => {
    const { head, complete, keepMs } = whole(text, method)
    expect({ complete, keepMs, length: head?.length }).toEqual({ complete: true, keepMs: 1_500, length: 0 })
    // The length of a HEAD's or 304's answer tells about another one's body; a 204 has none to tell of.
    expect(head?.headers).toEqual(/HTTP\/1.1 204|chunked/.test(text) ? [] : ['Content-Length', '5'])
  })

  it('is told with the headers as they were spelled, without those of the connection', () => {
    const lines = [
      'X-A:\t b c \t',
      'Set-Cookie: a',
      'set-cookie: b',
      'Connection: X-Gone',
      'X-Gone: 1',
      'TE: x',
      'E:',
    ]
    expect(whole(ok(lines.join('\r\n'))).head?.headers).toEqual([
      ...['X-A', 'b c', 'Set-Cookie', 'a', 'set-cookie', 'b', 'E', ''],
    ])
  })

  it.each([
    ['garbage', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['HTTP/2', 'HTTP/2 200 OK\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a status line with two blanks', 'HTTP/1.1  200 OK\r\n\r\n'],
    ['101', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    ['bare line feeds', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
    ['a bare line feed within a header', ok('X-A: b\nX-B: c')],
    ['a bare carriage return within a header', ok('X-A: b\rX-B: c')],
    ['NUL within a header', ok('X-A: b\0c')],
    ['a folded header', ok('X-A: b\r\n c: d')],
    ['a blank before the colon', ok('Content-Length : 5')],
    ['a header without a name', ok(': b')],
    ['a header without a colon', ok('X-A')],
    ['two lengths', ok('Content-Length: 1\r\ncontent-length: 1')],
    ['a length with a sign', ok('Content-Length: +1')],
    ['a list of lengths', ok('Content-Length: 1, 1')],
    ['an empty length', ok('Content-Length:')],
    ['length and chunks', ok(`Content-Length: 1\r\n${chunked}`)],
    ['chunked twice', ok(`${chunked}\r\n${chunked}`)],
    ['gzip, chunked', ok('Transfer-Encoding: gzip, chunked')],
    ['a chunk size with 0x', ok(chunked, '0x1\r\na\r\n')],
    ['an empty chunk size', ok(chunked, '\r\n')],
    ['a chunk size that overflows', ok(chunked, '10000000000000001\r\n')],
    ['a chunk longer than its size', ok(chunked, '1\r\nab\r\n')],
    ['a chunk size that ends in LF', ok(chunked, '1\na\r\n')],
    ['chunk data that end in LF', ok(chunked, '1\r\na\n0\r\n\r\n')],
    ['CR in a chunk extension', ok(chunked, '1;a\rb\r\na\r\n')],
    ['a header without end', ok(`X-A: ${'x'.repeat(66_000)}`)],
    ['a chunk line without end', ok(chunked, `1;${'x'.repeat(5_000)}`)],
    ['trailers without end', ok(chunked, `0\r\n${'X-A: b\r\n'.repeat(20_000)}`)],
  ])('with %s is broken', (_, text) => {
    expect(() => whole(text)).toThrow(expect.objectContaining({ name: 'BrokenMessage' }) as Error)
  })

  it('is read the same however it is cut into pieces', () => {
    const answers = [
      ok('Content-Length: 11\r\nX-A: b', 'hello world'),
      ok(`${chunked}\r\nKeep-Alive: timeout=5`, '5\r\nhello\r\n6;x="y"\r\n world\r\n0\r\nX-T: u\r\n\r\n'),
      `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${ok('X-A: b', 'until the close')}`,
    ]
    const cuts = fc.array(fc.nat({ max: 120 }), { maxLength: 12 })
    fc.assert(
      fc.property(fc.constantFrom(...answers), cuts, (text, at) => {
        const bytes = Buffer.from(text, 'latin1')
        const ends = [...at.filter((cut) => cut < bytes.length), bytes.length].toSorted((a, b) => a - b)
        const parts = ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
        expect(read(parts)).toEqual(whole(text))
      }),
    )
  })
})
