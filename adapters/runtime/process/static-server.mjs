// The file server that ships with Sluice: `node static-server.mjs <folder> [--spa]`, on PORT.
// One file without packages: it runs as the service's user, outside of Sluice's own folder.
import { createHash } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { open, realpath } from 'node:fs/promises'
import { createServer } from 'node:http'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'

const types = {
  html: 'text/html; charset=utf-8',
  htm: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  json: 'application/json; charset=utf-8',
  map: 'application/json; charset=utf-8',
  webmanifest: 'application/manifest+json; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  md: 'text/markdown; charset=utf-8',
  csv: 'text/csv; charset=utf-8',
  xml: 'application/xml; charset=utf-8',
  rss: 'application/rss+xml; charset=utf-8',
  atom: 'application/atom+xml; charset=utf-8',
  svg: 'image/svg+xml; charset=utf-8',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
  ico: 'image/x-icon',
  woff: 'font/woff',
  woff2: 'font/woff2',
  ttf: 'font/ttf',
  otf: 'font/otf',
  mp3: 'audio/mpeg',
  ogg: 'audio/ogg',
  wav: 'audio/wav',
  mp4: 'video/mp4',
  webm: 'video/webm',
  pdf: 'application/pdf',
  wasm: 'application/wasm',
  zip: 'application/zip',
  gz: 'application/gzip',
}
const compressible = /^(?:text\/|application\/(?:json|xml|manifest\+json|rss\+xml|atom\+xml|wasm)|image\/svg)/
const encodings = [
  { name: 'br', extension: '.br' },
  { name: 'gzip', extension: '.gz' },
]
/** Larger files get a tag from their size and times instead of their content. */
const hashLimit = 16 * 1024 * 1024
const tagsKept = 10_000

const spa = process.argv.includes('--spa')
const folder = process.argv.slice(2).find((word) => !word.startsWith('--')) ?? '.'
const root = await realpath(folder).catch((error) => {
  process.stderr.write(`The folder ${folder} cannot be served: ${error.message}\n`)
  process.exit(1)
})
const port = Number(process.env.PORT)
if (!Number.isInteger(port) || port < 0 || port > 65535 || !process.env.PORT) {
  process.stderr.write('PORT must be set to the port to listen on.\n')
  process.exit(1)
}

/** The parts of a request path; undefined when it is not one that is ever served. */
function partsOf(url) {
  const rawPath = url.split('?', 1)[0]
  if (!rawPath.startsWith('/')) return undefined
  let decoded
  try {
    decoded = decodeURIComponent(rawPath)
  } catch {
    return undefined
  }
  if (/[\0\\]/.test(decoded)) return undefined
  const parts = decoded.split('/').filter((part) => part !== '')
  return isHidden(parts) ? undefined : parts
}

/** Covers `..` too. Only `/.well-known/` is meant to be public. */
const isHidden = (parts) =>
  parts.some((part, at) => part.startsWith('.') && !(at === 0 && part === '.well-known'))

/** Opens what a path leads to, if that is inside the folder even after symbolic links. */
async function openInside(parts) {
  let handle
  try {
    const real = await realpath(path.join(root, ...parts))
    const inside = path.relative(root, real)
    if (inside.startsWith('..') || path.isAbsolute(inside)) return undefined
    if (isHidden(inside.split(path.sep).filter((part) => part !== ''))) return undefined
    // O_NONBLOCK: a named pipe would otherwise wait for its writer.
    handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const stats = await handle.stat()
    if (stats.isFile() || stats.isDirectory()) return { handle, stats, real, name: parts.at(-1) ?? '' }
  } catch (error) {
    if (error.code === 'EMFILE' || error.code === 'ENFILE') throw error
  }
  await handle?.close()
  return undefined
}

async function openFile(parts) {
  const found = await openInside(parts)
  if (found?.stats.isFile()) return found
  await found?.handle.close()
  return undefined
}

const tags = new Map()

/** From the content: the next release may hold another file of the same size and time. */
async function tagOf({ handle, stats, real }) {
  const key = `${real}\n${stats.size}\n${stats.mtimeMs}\n${stats.ctimeMs}\n${stats.ino}`
  const known = tags.get(key)
  if (known) return known
  const hash = createHash('sha256')
  if (stats.size > hashLimit) hash.update(key)
  else for await (const chunk of handle.createReadStream({ start: 0, autoClose: false })) hash.update(chunk)
  const tag = `"${hash.digest('base64url').slice(0, 27)}"`
  if (tags.size >= tagsKept) tags.delete(tags.keys().next().value)
  tags.set(key, tag)
  return tag
}

/** Bundlers put a hash of the content into the name, so the file under it never changes. */
function isImmutable(pathname) {
  if (/\/(?:_next\/static|_app\/immutable)\//.test(pathname)) return true
  const name = pathname.slice(pathname.lastIndexOf('/') + 1)
  const hash = /[.-]([0-9a-f]{8,64}|[A-Za-z0-9_-]{8})\.[A-Za-z0-9.]{1,20}$/.exec(name.slice(-120))?.[1]
  // A digit before a letter: `2024` at the end of a word is no hash, nor is a date.
  if (!hash || !/\d[A-Za-z_-]/.test(hash)) return false
  const byBundler = /\/(?:assets|_astro|_nuxt|build|static\/(?:js|css|media))\//.test(pathname)
  return /^[0-9a-f]+$/.test(hash) ? /[a-f]/.test(hash) : byBundler && /[A-Z]/.test(hash)
}

function accepts(header, encoding) {
  for (const item of String(header ?? '').split(',')) {
    const [name, ...parameters] = item.split(';').map((word) => word.trim().toLowerCase())
    if (name !== encoding) continue
    const quality = parameters.find((word) => word.startsWith('q='))
    return quality === undefined || Number(quality.slice(2)) > 0
  }
  return false
}

/** `{start, end}` inclusive; `unsatisfiable`; undefined to send the whole. Several ranges get the whole as well. */
function rangeOf(header, size) {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '')
  if (!match || (match[1] === '' && match[2] === '')) return undefined
  if (match[1] === '') {
    const length = Math.min(Number(match[2]), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 }
  }
  const start = Number(match[1])
  const end = match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1)
  if (match[2] !== '' && Number(match[2]) < start) return undefined
  return start >= size ? 'unsatisfiable' : { start, end }
}

function isUnchanged(request, tag, modifiedMs) {
  const ifNone = request.headers['if-none-match']
  if (ifNone !== undefined) {
    return ifNone.trim() === '*' || ifNone.split(',').some((one) => one.trim().replace(/^W\//, '') === tag)
  }
  const since = Date.parse(request.headers['if-modified-since'] ?? '')
  return !Number.isNaN(since) && Math.floor(modifiedMs / 1000) * 1000 <= since
}

async function sendFile(request, response, file, { status = 200, pathname }) {
  let chosen = file
  const headers = { 'x-content-type-options': 'nosniff' }
  try {
    const extension = path.extname(file.name).slice(1).toLowerCase()
    const type = (Object.hasOwn(types, extension) && types[extension]) || 'application/octet-stream'
    headers['content-type'] = type
    headers['cache-control'] =
      status === 200 && isImmutable(pathname) && !type.startsWith('text/html')
        ? 'public, max-age=31536000, immutable'
        : 'public, max-age=0, must-revalidate'
    const ranged = status === 200 && request.headers.range !== undefined
    if (compressible.test(type)) {
      headers.vary = 'Accept-Encoding'
      for (const { name, extension: suffix } of ranged ? [] : encodings) {
        if (!accepts(request.headers['accept-encoding'], name)) continue
        const packed = await openFile(path.relative(root, `${file.real}${suffix}`).split(path.sep))
        if (!packed) continue
        chosen = packed
        headers['content-encoding'] = name
        break
      }
    }
    const { size, mtimeMs } = chosen.stats
    const tag = await tagOf(chosen)
    headers.etag = tag
    headers['accept-ranges'] = 'bytes'
    if (mtimeMs > 0) headers['last-modified'] = new Date(mtimeMs).toUTCString()
    if (status === 200 && isUnchanged(request, tag, mtimeMs))
      return void response.writeHead(304, headers).end()

    const ifRange = request.headers['if-range']
    const whole =
      !ranged || (ifRange !== undefined && ifRange !== tag && ifRange !== headers['last-modified'])
    const range = whole ? undefined : rangeOf(request.headers.range, size)
    if (range === 'unsatisfiable') {
      return void response
        .writeHead(416, { ...headers, 'content-range': `bytes */${size}`, 'content-length': 0 })
        .end()
    }
    const { start, end } = range ?? { start: 0, end: size - 1 }
    headers['content-length'] = end - start + 1
    if (range) headers['content-range'] = `bytes ${start}-${end}/${size}`
    response.writeHead(range ? 206 : status, headers)
    if (request.method === 'HEAD' || size === 0) return void response.end()
    await pipeline(createReadStream('', { fd: chosen.handle, start, end, autoClose: false }), response)
  } finally {
    await chosen.handle.close().catch(() => {})
    if (chosen !== file) await file.handle.close().catch(() => {})
  }
}

async function answer(request, response) {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return sendText(request, response, 405, 'Only GET and HEAD are answered here.', { allow: 'GET, HEAD' })
  }
  const parts = partsOf(request.url)
  if (!parts) return sendMissing(request, response)
  const pathname = `/${parts.join('/')}`
  const asFolder = request.url.split('?', 1)[0].endsWith('/')
  const found = await openInside(parts)
  if (found?.stats.isDirectory()) {
    await found.handle.close()
    const index = await openFile([...parts, 'index.html'])
    if (index && !asFolder) {
      await index.handle.close()
      const query = request.url.includes('?') ? request.url.slice(request.url.indexOf('?')) : ''
      // Built from the parts: a request for `//elsewhere` must not lead to another site.
      const location = `/${parts.map(encodeURIComponent).join('/')}/${query}`
      return sendText(request, response, 308, `See ${location}`, { location })
    }
    if (index) return sendFile(request, response, index, { pathname })
  } else if (found && !asFolder) {
    return sendFile(request, response, found, { pathname })
  } else {
    await found?.handle.close()
  }
  // `/about` for about.html, as static site generators link to it.
  const page =
    parts.length > 0 && !asFolder
      ? await openFile([...parts.slice(0, -1), `${parts.at(-1)}.html`])
      : undefined
  if (page) return sendFile(request, response, page, { pathname })
  const index = spa && wantsPage(request, parts) ? await openFile(['index.html']) : undefined
  if (index) return sendFile(request, response, index, { pathname: '/index.html' })
  return sendMissing(request, response)
}

/** A script that is gone must stay missing: a page in its place only hides the error. */
function wantsPage({ headers: { accept = '*/*' } }, parts) {
  if (accept.includes('text/html')) return true
  return accept.includes('*/*') && !/\.[A-Za-z0-9]{1,10}$/.test(parts.at(-1) ?? '')
}

async function sendMissing(request, response) {
  const page = await openFile(['404.html'])
  if (page) return sendFile(request, response, page, { status: 404, pathname: '/404.html' })
  return sendText(request, response, 404, 'Not found')
}

function sendText(request, response, status, text, headers = {}) {
  const body = `${text}\n`
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    ...headers,
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

let draining = false
const server = createServer((request, response) => {
  if (draining) response.setHeader('connection', 'close')
  response.on('close', () => draining && server.closeIdleConnections())
  answer(request, response).catch((error) => {
    // A reader that goes away in the middle is not worth a line.
    if (error.code === 'ERR_STREAM_PREMATURE_CLOSE' || error.code === 'ECONNRESET') return
    process.stderr.write(`${request.method} ${JSON.stringify(request.url)}: ${error.message}\n`)
    if (response.headersSent) response.destroy()
    else
      sendText(
        request,
        response,
        error.code === 'EMFILE' || error.code === 'ENFILE' ? 503 : 500,
        'The file cannot be read',
      )
  })
})

const host = process.env.HOST || '127.0.0.1'
server.on('error', (error) => {
  process.stderr.write(`Cannot listen on ${host}:${port}: ${error.message}\n`)
  process.exit(1)
})
server.listen(port, host, () => {
  process.stdout.write(
    `Serving ${folder}${spa ? ' as a single-page application' : ''} on ${host}:${server.address().port}\n`,
  )
})

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    if (draining) return
    draining = true
    server.close(() => process.exit(0))
    server.closeIdleConnections()
  })
}
