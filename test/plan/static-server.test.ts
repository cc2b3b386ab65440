import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const server = fileURLToPath(new URL('../../adapters/runtime/process/static-server.mjs', import.meta.url))
const script = 'console.log("a script long enough to be worth packing")\n'.repeat(50)

let base: string
let site: string
const running: ChildProcess[] = []

async function serve(...args: string[]): Promise<{ port: number; child: ChildProcess }> {
  const child = spawn(process.execPath, [server, ...args], {
    cwd: base,
    env: { PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.push(child)
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { port: Number(/:(\d+)\s*$/.exec(line.toString())![1]), child }
}

/** As written: `fetch` would tidy the path up first. */
function raw(port: number, request: string): Promise<{ status: number; head: string; body: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request))
    let text = ''
    socket.setEncoding('latin1').on('data', (chunk) => (text += chunk))
    socket.on('error', reject)
    socket.on('close', () => {
      const [head = '', ...body] = text.split('\r\n\r\n')
      resolve({ status: Number(head.split(' ')[1]), head: head.toLowerCase(), body: body.join('\r\n\r\n') })
    })
  })
}
const rawGet = (port: number, target: string) =>
  raw(port, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)

let port: number
let spa: number
const get = (target: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
  fetch(`http://127.0.0.1:${port}${target}`, { redirect: 'manual', headers, ...init })

beforeAll(async () => {
  base = await mkdtemp(path.join(os.tmpdir(), 'sluice-static-'))
  site = path.join(base, 'site')
  for (const folder of ['docs', '.git', '.well-known', 'assets', 'empty'])
    await mkdir(path.join(site, folder), { recursive: true })
  const write = (file: string, text: string | Buffer) => writeFile(path.join(site, file), text)
  await write('index.html', '<h1>home</h1>')
  await write('about.html', 'about')
  await write('404.html', 'lost')
  await write('docs/index.html', 'docs')
  await write('digits.txt', '0123456789')
  await write('nothing.txt', '')
  await write('app.js', script)
  await write('app.js.br', brotliCompressSync(script))
  await write('app.js.gz', gzipSync(script))
  await write('assets/index-B1yZ_9aQ.js', 'x')
  await write('assets/my-document.pdf', 'x')
  await write('main.3f9a01bc.css', 'x')
  await write('photo-20240101.jpg', 'x')
  await write('.env', 'SECRET=1')
  await write('.git/config', 'secret')
  await write('.well-known/security.txt', 'mail us')
  await write('späte datei%.txt', 'umlaut')
  await writeFile(path.join(base, 'outside.txt'), 'outside')
  await mkdir(path.join(base, 'site-other'))
  await writeFile(path.join(base, 'site-other/secret.txt'), 'outside')
  await symlink('../outside.txt', path.join(site, 'leak.txt'))
  await symlink('../site-other', path.join(site, 'other'))
  await symlink('.env', path.join(site, 'env.txt'))
  await symlink('digits.txt', path.join(site, 'inside.txt'))
  await symlink('loop', path.join(site, 'loop'))
  await utimes(path.join(site, 'digits.txt'), 1_700_000_000, 1_700_000_000)
  port = (await serve('site')).port
  spa = (await serve('site', '--spa')).port
})
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL')
  await rm(base, { recursive: true })
})

describe('files', () => {
  test('a folder answers with its index.html, after a redirect to its slash', async () => {
    const home = await get('/')
    expect([home.status, home.headers.get('content-type'), await home.text()]).toEqual([
      200,
      'text/html; charset=utf-8',
      '<h1>home</h1>',
    ])
    const moved = await get('/docs?a=b')
    expect([moved.status, moved.headers.get('location')]).toEqual([308, '/docs/?a=b'])
    expect(await (await get('/docs/')).text()).toBe('docs')
    expect((await get('/empty/')).status).toBe(404)
    expect((await get('/empty')).status).toBe(404)
  })

  test('pages are found without .html, names are decoded, missing ones get 404.html', async () => {
    expect(await (await get('/about')).text()).toBe('about')
    expect(await (await get(`/${encodeURIComponent('späte datei%.txt')}`)).text()).toBe('umlaut')
    const lost = await get('/gone')
    expect([lost.status, await lost.text()]).toEqual([404, 'lost'])
    expect((await get('/digits.txt/')).status).toBe(404)
  })

  test('HEAD has the headers and no body; other methods are refused', async () => {
    const head = await raw(port, 'HEAD /digits.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    expect([head.status, head.body]).toEqual([200, ''])
    expect(head.head).toContain('content-length: 10')
    const post = await get('/', {}, { method: 'POST' })
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    expect((await get('/nothing.txt')).headers.get('content-length')).toBe('0')
  })

  test('an unchanged file is not sent again', async () => {
    const first = await get('/digits.txt')
    const etag = first.headers.get('etag')!
    expect(first.headers.get('last-modified')).toBe('Tue, 14 Nov 2023 22:13:20 GMT')
    expect((await get('/digits.txt', { 'if-none-match': `"other", W/${etag}` })).status).toBe(304)
    expect((await get('/digits.txt', { 'if-none-match': '"other"' })).status).toBe(200)
    expect((await get('/digits.txt', { 'if-modified-since': 'Tue, 14 Nov 2023 22:13:20 GMT' })).status).toBe(
      304,
    )
    expect((await get('/digits.txt', { 'if-modified-since': 'Tue, 14 Nov 2023 22:13:19 GMT' })).status).toBe(
      200,
    )
  })

  test('a file that changed under the same time and size gets another tag', async () => {
    const file = path.join(site, 'same.txt')
    const tag = async (text: string) => {
      await writeFile(file, text)
      await utimes(file, 1_700_000_000, 1_700_000_000)
      return (await get('/same.txt')).headers.get('etag')
    }
    expect(await tag('aaaa')).not.toBe(await tag('bbbb'))
  })

  test.each([
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-2', 206, '89', 'bytes 8-9/10'],
    ['bytes=-99', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=5-99', 206, '56789', 'bytes 5-9/10'],
    ['bytes=10-', 416, '', 'bytes */10'],
    ['bytes=4-2', 200, '0123456789', null],
    ['bytes=0-1,3-4', 200, '0123456789', null],
    ['lines=1-2', 200, '0123456789', null],
  ])('range %s answers %i', async (range, status, body, contentRange) => {
    const response = await get('/digits.txt', { range })
    expect([response.status, await response.text(), response.headers.get('content-range')]).toEqual([
      status,
      body,
      contentRange,
    ])
  })

  test('a range of an older version gets the whole file', async () => {
    const etag = (await get('/digits.txt')).headers.get('etag')!
    expect((await get('/digits.txt', { range: 'bytes=1-2', 'if-range': etag })).status).toBe(206)
    expect((await get('/digits.txt', { range: 'bytes=1-2', 'if-range': '"old"' })).status).toBe(200)
  })

  test('packed siblings are sent to those who accept them', async () => {
    for (const [accepted, encoding] of [
      ['gzip, br', 'br'],
      ['gzip;q=0.5', 'gzip'],
      ['br;q=0', null],
      ['identity', null],
    ] as const) {
      const response = await get('/app.js', { 'accept-encoding': accepted })
      expect(response.headers.get('content-encoding')).toBe(encoding)
      expect(response.headers.get('vary')).toBe('Accept-Encoding')
      expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
      expect(await response.text()).toBe(script)
    }
  })

  test('only names with a hash are kept for ever', async () => {
    const cached = async (target: string) =>
      (await get(target)).headers.get('cache-control')!.includes('immutable')
    expect(await cached('/assets/index-B1yZ_9aQ.js')).toBe(true)
    expect(await cached('/main.3f9a01bc.css')).toBe(true)
    expect(await cached('/assets/my-document.pdf')).toBe(false)
    expect(await cached('/photo-20240101.jpg')).toBe(false)
    expect(await cached('/')).toBe(false)
  })
})

describe('what is never served', () => {
  test.each([
    '/../outside.txt',
    '/..%2foutside.txt',
    '/..%2f..%2fetc%2fpasswd',
    '/%2e%2e/outside.txt',
    '/docs/..%5c..%5coutside.txt',
    '/../site-other/secret.txt',
    '//../outside.txt',
    '/digits.txt%00.html',
    '/%',
    '/%ff',
    '/.env',
    '/.git/config',
    '/docs/../.env',
    '/docs/.well-known/x',
    '/leak.txt',
    '/other/secret.txt',
    '/env.txt',
    '/loop',
    `/${'a'.repeat(5000)}`,
    'http://x/.env',
    '*',
  ])('%s', async (target) => {
    const response = await rawGet(port, target)
    expect(response.status).toBe(404)
    expect(response.body).toContain('lost')
  })

  test('but /.well-known/ and links inside the folder are', async () => {
    expect((await rawGet(port, '/.well-known/security.txt')).body).toBe('mail us')
    expect((await rawGet(port, '/inside.txt')).body).toBe('0123456789')
  })

  test('a redirect never leads to another site', async () => {
    expect((await rawGet(port, '//docs')).head).toContain('location: /docs/')
  })
})

describe('single-page application', () => {
  const visit = (target: string, accept: string) =>
    fetch(`http://127.0.0.1:${spa}${target}`, { headers: { accept } })

  test('paths without a file get the page, missing scripts stay missing', async () => {
    for (const [target, accept] of [
      ['/users/7', 'text/html,*/*'],
      ['/users/j.doe', 'text/html'],
      ['/users/7', '*/*'],
    ] as const) {
      const page = await visit(target, accept)
      expect([page.status, await page.text()]).toEqual([200, '<h1>home</h1>'])
    }
    expect((await visit('/assets/old-12345678.js', '*/*')).status).toBe(404)
    expect((await visit('/api/users', 'application/json')).status).toBe(404)
    expect((await rawGet(spa, '/.env')).status).toBe(404)
  })
})

describe('process', () => {
  test('SIGTERM ends it at once when idle', async () => {
    const { port: own, child } = await serve('site')
    await fetch(`http://127.0.0.1:${own}/`)
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  test('SIGTERM lets a download finish', async () => {
    const size = 30 * 1024 * 1024
    await writeFile(path.join(site, 'large.bin'), Buffer.alloc(size))
    const { port: own, child } = await serve('site')
    const response = await fetch(`http://127.0.0.1:${own}/large.bin`)
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    expect((await response.arrayBuffer()).byteLength).toBe(size)
    expect(await ended).toEqual([0, null])
  })

  test('says what is wrong when it cannot start', async () => {
    for (const [args, env, words] of [
      [['gone'], { PORT: '0' }, 'gone cannot be served'],
      [['site'], {}, 'PORT must be set'],
    ] as const) {
      const child = spawn(process.execPath, [server, ...args], {
        cwd: base,
        env,
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      let said = ''
      child.stderr.on('data', (chunk) => (said += chunk))
      expect(await once(child, 'close')).toEqual([1, null])
      expect(said).toContain(words)
    }
  })
})
