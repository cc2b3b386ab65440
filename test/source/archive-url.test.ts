import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { archiveSource, type ArchiveSourceOptions } from '../../adapters/source/archive/index.ts'
import { tarOf } from './archives.ts'
import { serveRepositories } from './git-server.ts'
import { temporaryFolder } from './repositories.ts'

const content = gzipSync(tarOf([{ path: 'app/index.html', content: 'hello' }]))
const sum = createHash('sha256').update(content).digest('hex')
const from = { serviceId: 'shop', url: 'https://git.example.com/shop.git', credentials: null }

async function setUp() {
  const root = temporaryFolder()
  const served = path.join(root, 'served')
  mkdirSync(served)
  const server = await serveRepositories(served)
  const directory = path.join(root, 'archives')
  const make = (more: Partial<ArchiveSourceOptions> = {}) =>
    archiveSource({
      ...{ directory, limit: 1024 ** 2, caFile: server.caFile, privateHosts: ['127.0.0.1'] },
      ...more,
    })
  const url = (at: string) => `https://127.0.0.1:${server.port}${at}`
  server.intercept = ({ url: asked = '' }, response) => {
    const to = new URL(asked, 'https://x').searchParams.get('to')
    if (asked.startsWith('/moved')) response.writeHead(302, { location: to! }).end()
    else if (asked.startsWith('/app')) response.end(content)
    else if (asked === '/endless') sendOn(() => response.write(Buffer.alloc(65_536)), response)
    else if (asked === '/half') {
      response.writeHead(200, { 'content-length': String(content.length) })
      response.write(content.subarray(0, 50), () => response.destroy())
    } else response.writeHead(404).end()
    return true
  }
  const left = () =>
    readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
      (one) => one.startsWith('archives/') && statSync(path.join(root, one)).isFile(),
    )
  return { server, make, source: make(), url, left }
}

function sendOn(write: () => boolean, response: NodeJS.EventEmitter & { destroyed: boolean }): void {
  while (!response.destroyed && write());
  if (!response.destroyed) response.once('drain', () => sendOn(write, response))
}

describe('the url of an archive', () => {
  it('is fetched, kept by its sum, and not fetched again where the sum is known', async () => {
    const { server, source, url, left } = await setUp()
    const sha = `sha256:${sum}`
    expect(await source.resolve(from, url('/app.tar.gz'))).toMatchObject({ sha })
    expect(left().toSorted()).toEqual([`archives/shop/${sum}`, `archives/shop/${sum}.json`])
    expect(await source.resolve(from, `${url('/app.tar.gz')}#sha256=${sum}`)).toMatchObject({ sha })
    expect(server.requests).toEqual(['GET /app.tar.gz'])
    expect((await source.readTree(from, sha, () => true)).files).toEqual({ 'index.html': 'hello' })
  })

  it('is asked with its secret part, which no error shows', async () => {
    const { server, make, url } = await setUp()
    const whole = url('/app?signature=hush')
    const source = make({ secretUrl: async (_, ref) => (ref.endsWith('#query=1') ? whole : undefined) })
    await source.resolve(from, `${url('/app')}#query=1`)
    expect(server.requests).toEqual(['GET /app?signature=hush'])
    const missing = make({ secretUrl: async () => url('/gone?signature=hush') })
    await expect(missing.resolve(from, url('/gone'))).rejects.toMatchObject({
      code: 'ArchiveUnreachable',
      message: `${url('/gone')} answered 404.`,
    })
  })

  it('is followed to another place, whose address is checked as well', async () => {
    const { server, source, make, url, left } = await setUp()
    const moved = (to: string) => url(`/moved?to=${encodeURIComponent(to)}`)
    expect(await source.resolve(from, moved('/app'))).toMatchObject({ sha: `sha256:${sum}` })
    const lookup = async () => [{ address: '127.0.0.1', family: 4 }]
    const guarded = make({ privateHosts: [`127.0.0.1:${server.port}`], lookup })
    for (const to of [
      'https://169.254.169.254/latest',
      'https://[::ffff:a9fe:a9fe]/',
      'https://0x7f000001/app',
      'https://127.1:1/app',
      'https://inner.test/app',
      `http://127.0.0.1:${server.port}/app`,
      'file:///etc/passwd',
      `https://u:p@127.0.0.1:${server.port}/app`,
      '/moved?to=/moved',
    ]) {
      await expect(guarded.resolve(from, moved(to)), to).rejects.toMatchObject({ code: 'ArchiveUnreachable' })
    }
    expect(server.requests.filter((one) => one.startsWith('GET /app'))).toHaveLength(1)
    expect(left()).toHaveLength(2)
  })

  it('connects to the address that was checked, whatever the name means later', async () => {
    const { server, make } = await setUp()
    let asked = 0
    const source = make({
      privateHosts: ['forge.test'],
      lookup: async () => [{ address: asked++ === 0 ? '127.0.0.1' : '192.0.2.1', family: 4 }],
    })
    expect(await source.resolve(from, `https://forge.test:${server.port}/app`)).toMatchObject({
      sha: `sha256:${sum}`,
    })
    expect(asked).toBe(1)
  })

  it('on a private address is refused before anything is sent', async () => {
    const { server, make, url } = await setUp()
    const source = make({ privateHosts: [] })
    for (const what of [source.probe(from, url('/app')), source.resolve(from, url('/app'))])
      await expect(what).rejects.toMatchObject({
        code: 'ArchiveUnreachable',
        message: expect.stringContaining('SLUICE_PRIVATE_HOSTS') as string,
      })
    expect(server.requests).toEqual([])
  })

  it.each([
    ['/endless', 'SourceRejected', /larger than/],
    ['/half', 'ArchiveUnreachable', /stopped in the middle/],
    ['/gone', 'ArchiveUnreachable', /answered 404/],
    [`/app#sha256=${'a'.repeat(64)}`, 'ArchiveUnreachable', /has the sum sha256:.* asked for/],
  ])('%s leaves nothing behind', async (at, code, message) => {
    const { source, url, left } = await setUp()
    await expect(source.resolve(from, url(at))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    })
    expect(left()).toEqual([])
  })

  it('may be cancelled', async () => {
    const { server, source, url, left } = await setUp()
    const abort = new AbortController()
    server.intercept = () => {
      abort.abort('cancel')
      return true
    }
    await expect(source.resolve(from, url('/slow'), abort.signal)).rejects.toBe('cancel')
    expect(left()).toEqual([])
  })
})
