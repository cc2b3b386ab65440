import http from 'node:http'
import { duplexPair } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bodyOf } from '../../router/request-body.ts'
import { headersIn } from '../../router/header-lines.ts'
import { readHead, requestText } from '../../router/request-head.ts'
import type { RequestHead } from '../../router/request-head.ts'
import { RequestParser } from '../../router/request-parser.ts'

const mostHeadBytes = 2_000
const sender = { address: '192.0.2.7', trusted: false }

interface Read {
  method: string
  url: string
  host: string
  body: string
}

/** What is read of the parts as they come: complete requests up to the last, then whether the rest was refused. */
function read(parts: Buffer[]): { requests: Read[]; refused: number | undefined } {
  const requests: Read[] = []
  const parser = new RequestParser(mostHeadBytes)
  let head: RequestHead | undefined
  let body: ReturnType<typeof bodyOf>
  let text = ''
  let isLast = false
  const complete = () => {
    if (head === undefined || body?.ended === false) return
    requests.push({ method: head.method, url: head.url, host: head.host, body: text })
    isLast = !head.mayKeep
    head = body = undefined
    text = ''
  }
  for (const part of parts) {
    for (let at = 0; at < part.length && !isLast;) {
      if (body !== undefined) {
        try {
          at = body.read(part, at, (data) => (text += data.toString('latin1')))
        } catch {
          return { requests, refused: 400 }
        }
      } else {
        const end = parser.read(part, at)
        if (typeof end !== 'number') return { requests, refused: end.status }
        if (end === -1) break
        at = end
        const found = readHead(parser.head, sender)
        if ('status' in found) return { requests, refused: found.status }
        head = found
        body = bodyOf(found)
      }
      complete()
    }
  }
  return { requests, refused: undefined }
}

const whole = (text: string) => read([Buffer.from(text, 'latin1')])
const get = (path = '/', lines = '') => `GET ${path} HTTP/1.1\r\nHost: a.localhost\r\n${lines}\r\n`
const post = (lines: string, body: string) => `POST /p HTTP/1.1\r\nHost: a.localhost\r\n${lines}\r\n${body}`
const chunks = '5\r\nhello\r\n6;x="y"\r\n world\r\n0\r\nX-T: u\r\n\r\n'

const valid = [
  get('/a?b=c', 'X-A:\t b c \t\r\nAccept:*/*\r\n'),
  post('Content-Length: 11\r\n', 'hello world'),
  post('Transfer-Encoding: chunked\r\nTrailer: X-T\r\n', chunks),
  post('Content-Length: 2\r\n', 'hi') + get('/next') + post('Transfer-Encoding: Chunked\r\n', chunks),
  `\r\n\r\n${get()}\r\n${get('/second')}`,
  'GET / HTTP/1.0\r\nHost: a.localhost\r\nConnection: keep-alive\r\n\r\n',
]

describe('a request of a client', () => {
  it('reaches the service as it was spelled, without the lines of its connection', () => {
    const head = headOf(
      'GET /x HTTP/1.1\r\nHost: a.localhost\r\nX-A:\t b\r\nConnection: X-Gone, close\r\nx-gone: 1\r\nX-B:c\r\n',
    )
    const headers = headersIn(requestText(head).split('\r\n').slice(1, -2).join('\r\n'))
    const own = headers.indexOf('x-forwarded-for')
    expect(headers.slice(0, own)).toEqual(['Host', 'a.localhost', 'X-A', 'b', 'X-B', 'c'])
    expect(headers.slice(own, own + 6)).toEqual([
      ...['x-forwarded-for', sender.address, 'x-forwarded-proto', 'http', 'x-forwarded-host', 'a.localhost'],
    ])
  })

  it.each([
    ['HTTP/1.1', '', true],
    ['HTTP/1.1', 'Connection: x, Close\r\n', false],
    ['HTTP/1.0', '', false],
    ['HTTP/1.0', 'Connection: Keep-Alive\r\n', true],
  ])('of %s with %j: another one may follow: %s', (version, lines, expected) => {
    expect(headOf(`GET / ${version}\r\nHost: a\r\n${lines}`).mayKeep).toBe(expected)
  })

  it.each([
    ['HTTP/2', 'GET / HTTP/2.0\r\nHost: a\r\n\r\n', 505],
    ['the beginning of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
    ['a method nobody knows', 'BREW / HTTP/1.1\r\nHost: a\r\n\r\n', 501],
    ['a method in lower case', 'get / HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['two blanks', 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n', 400],
    ['no version', 'GET /\r\nHost: a\r\n\r\n', 400],
    ['an expectation nobody knows', get('/', 'Expect: 200-maybe\r\n'), 417],
    ['a length of sixteen digits', post('Content-Length: 1000000000000000\r\n', ''), 400],
    ['a header that is too long', get('/', `X-A: ${'x'.repeat(mostHeadBytes)}\r\n`), 431],
    ['a header that is too long and not complete', `GET /${'x'.repeat(mostHeadBytes + 8)}`, 431],
    ['a TLS handshake', '\x16\x03\x01\x02\x00\x01\x00\x01', 400],
    ['a line feed, while more may come', 'GET / HTTP/1.1\nHost: a\n', 400],
    ['NUL, while more may come', 'GET / HTTP/1.1\r\nHost: a\0', 400],
  ])('with %s is refused', (_, text, status) => {
    expect(whole(text)).toEqual({ requests: [], refused: status })
  })

  it('is read the same however it is cut into pieces', () => {
    const cuts = fc.array(fc.nat({ max: 260 }), { maxLength: 16 })
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...valid), damaged), cuts, (text, at) => {
        const bytes = Buffer.from(text, 'latin1')
        const ends = [...at.filter((cut) => cut < bytes.length), bytes.length].toSorted((a, b) => a - b)
        const parts = ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
        expect(read(parts).requests).toEqual(whole(text).requests)
      }),
      { numRuns: 1_000 },
    )
  })

  it('that is accepted is read by another parser in the same way, wherever it was damaged', async () => {
    for (const text of valid) {
      const { requests } = whole(text)
      expect(requests.length, text).toBeGreaterThan(0)
      expect(await readByNode(text, requests.length), text).toEqual(requests)
    }
    await fc.assert(
      fc.asyncProperty(damaged, async (text) => {
        const { requests } = whole(text)
        expect(await readByNode(text, requests.length)).toEqual(requests)
      }),
      { numRuns: 1_500 },
    )
  })
})

/** Bytes that mean something somewhere in a request, put in, taken out and exchanged. */
const damaged = fc
  .tuple(
    fc.constantFrom(...valid),
    fc.array(
      fc.record({
        at: fc.nat({ max: 200 }),
        removed: fc.nat({ max: 2 }),
        added: fc.constantFrom(
          ...[
            '',
            '\r',
            '\n',
            '\r\n',
            ' ',
            '\t',
            ':',
            ';',
            ',',
            '0',
            '5',
            'f',
            'x',
            '+',
            '-',
            '"',
            '\0',
            '\x0b',
          ],
          ...['\x7f', '\x80', '\xff', '_', '/', 'Content-Length: 3\r\n', 'Transfer-Encoding: chunked\r\n'],
          ...['Host: b\r\n', 'Connection: close\r\n', '1\r\nx\r\n', '0\r\n\r\n'],
        ),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  )
  .map(([text, changes]) =>
    changes.reduce((now, { at, removed, added }) => {
      const from = at % now.length
      return now.slice(0, from) + added + now.slice(from + removed)
    }, text),
  )

function headOf(text: string): RequestHead {
  const head = readHead(text, sender)
  if ('status' in head) throw new Error(head.detail)
  return head
}

/** The first complete requests that Node's HTTP server, which is strict as well, finds in the same bytes. */
async function readByNode(text: string, count: number): Promise<Read[]> {
  const requests: Read[] = []
  const [client, inner] = duplexPair()
  await new Promise<void>((resolve) => {
    const server = http.createServer({ requireHostHeader: false }, (request, response) => {
      let body = ''
      request.on('data', (part: Buffer) => (body += part.toString('latin1')))
      request.on('end', () => {
        const { method = '', url = '', headers } = request
        requests.push({ method, url, host: headers.host ?? '', body })
        response.end()
        if (requests.length === count) resolve()
      })
    })
    if (count === 0) resolve()
    server.on('clientError', () => resolve())
    server.emit('connection', inner)
    client
      .on('close', resolve)
      .on('error', () => {})
      .resume()
    client.write(Buffer.from(text, 'latin1'))
  })
  client.destroy()
  inner.destroy()
  return requests.slice(0, count)
}
