import { describe, expect, it } from 'vitest'
import { RawClient } from '../raw-client.ts'
import { httpService } from '../services.ts'
import type { Suite } from '../suite.ts'
import { routeTo } from '../suite.ts'

const head = (lines: string, version = '1.1') => `POST / HTTP/${version}\r\nHost: HOST\r\n${lines}\r\n\r\n`
const chunked = 'Transfer-Encoding: chunked'
const inner = 'GET /smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n'

const attacks: [name: string, request: string][] = [
  ['Content-Length and Transfer-Encoding', `${head(`Content-Length: 4\r\n${chunked}`)}0\r\n\r\n${inner}`],
  ['Transfer-Encoding and Content-Length', `${head(`${chunked}\r\nContent-Length: 4`)}0\r\n\r\n${inner}`],
  [
    'Transfer-Encoding with a space before the colon',
    `${head('Transfer-Encoding : chunked')}0\r\n\r\n${inner}`,
  ],
  ['xchunked', `${head('Transfer-Encoding: xchunked')}0\r\n\r\n${inner}`],
  ['chunked, identity', `${head('Transfer-Encoding: chunked, identity')}0\r\n\r\n${inner}`],
  ['identity', `${head('Transfer-Encoding: identity')}0\r\n\r\n${inner}`],
  ['gzip, chunked', `${head('Transfer-Encoding: gzip, chunked')}0\r\n\r\n${inner}`],
  ['chunked twice', `${head(`${chunked}\r\n${chunked}`)}0\r\n\r\n${inner}`],
  ['a vertical tab before chunked', `${head('Transfer-Encoding: \vchunked')}0\r\n\r\n${inner}`],
  ['Transfer-Encoding in HTTP/1.0', `${head(chunked, '1.0')}0\r\n\r\n${inner}`],
  ['two Content-Lengths', `${head('Content-Length: 0\r\nContent-Length: 44')}${inner}`],
  ['two equal Content-Lengths', `${head('Content-Length: 0\r\nContent-Length: 0')}${inner}`],
  ['Content-Length: +5', `${head('Content-Length: +5')}hello${inner}`],
  ['Content-Length: 5, 5', `${head('Content-Length: 5, 5')}hello${inner}`],
  ['Content-Length: -1', `${head('Content-Length: -1')}${inner}`],
  ['Content-Length: 0x5', `${head('Content-Length: 0x5')}hello${inner}`],
  ['an empty Content-Length', `${head('Content-Length: ')}${inner}`],
  ['a chunk size with 0x', `${head(chunked)}0x5\r\nhello\r\n0\r\n\r\n${inner}`],
  ['a chunk without its end', `${head(chunked)}5\r\nhelloXX0\r\n\r\n${inner}`],
  ['a chunk that ends in LF', `${head(chunked)}5\nhello\r\n0\r\n\r\n${inner}`],
  ['chunk data that end in LF', `${head(chunked)}5\r\nhello\n0\r\n\r\n${inner}`],
  ['LF in a chunk extension', `${head(chunked)}5;a\nb\r\nhello\r\n0\r\n\r\n${inner}`],
  ['CR in a chunk extension', `${head(chunked)}5;a\rb\r\nhello\r\n0\r\n\r\n${inner}`],
  ['a chunk size that overflows', `${head(chunked)}10000000000000005\r\nhello\r\n0\r\n\r\n${inner}`],
  ['a folded header', `${head(`X-A: b\r\n ${chunked}`)}0\r\n\r\n${inner}`],
  ['a folded Transfer-Encoding', `${head('Transfer-Encoding:\r\n chunked')}0\r\n\r\n${inner}`],
  ['a space before the first header', `POST / HTTP/1.1\r\n X: y\r\nHost: HOST\r\n\r\n${inner}`],
  ['bare LF between headers', `POST / HTTP/1.1\r\nHost: HOST\nX-A: b\r\n\r\n${inner}`],
  ['bare LF at the end of the header', `POST / HTTP/1.1\nHost: HOST\n\n${inner}`],
  ['bare CR within a header', `${head('X-A: b\rX-B: c')}${inner}`],
  ['NUL within a header', `${head('X-A: b\0c')}${inner}`],
  ['NUL within a header name', `${head('X-\0A: b')}${inner}`],
  ['a control character in the path', `GET /a\x01b HTTP/1.1\r\nHost: HOST\r\n\r\n${inner}`],
  ['a space within a header name', `${head('X A: b')}${inner}`],
  ['a header without a name', `${head(': b')}${inner}`],
]

export function smuggling({ running }: Suite): void {
  describe('row 27: a request that two parsers could read differently', () => {
    it.each(attacks)('%s is refused, and the connection closed', async (_, request) => {
      const complete: string[] = []
      const service = await httpService((incoming, response) => {
        incoming.resume().on('end', () => {
          if (incoming.complete) complete.push(`${incoming.method} ${incoming.url}`)
          response.end('ok')
        })
      })
      const { host } = await routeTo(running(), service.port)
      const client = await RawClient.connect(running().port)
      client.send(request.replaceAll('HOST', host))
      const answer = await client.answer()
      expect([400, 501]).toContain(answer.status)
      await client.untilEnded()
      expect(client.received).toBe('')
      expect(complete).toEqual([])
      client.close()
    })
  })
}
