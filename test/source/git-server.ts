import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'

export interface GitServer {
  port: number
  /** The certificate, which is its own authority. */
  caFile: string
  requests: string[]
  /** Decides about a request before git http-backend sees it; true when it has dealt with it. */
  intercept: (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>
}

/** `git http-backend` behind https on loopback, for the hosts `forge.test` and 127.0.0.1. Gone after the test. */
export async function serveRepositories(
  folder: string,
  login?: { username: string; password: string },
): Promise<GitServer> {
  const { key, certificate } = makeCertificate(folder)
  const served: GitServer = { port: 0, caFile: certificate, requests: [], intercept: () => false }
  const server = createServer(
    { key: readFileSync(key), cert: readFileSync(certificate) },
    (request, response) => {
      served.requests.push(`${request.method} ${request.url}`)
      void answer(request, response).catch(() => response.destroy())
    },
  )
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    if (await served.intercept(request, response)) return
    if (login && request.headers.authorization !== basic(login)) {
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="forge"' }).end()
      return
    }
    backend(folder, request, response)
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  served.port = (server.address() as { port: number }).port
  return served
}

/** Leaves the nth POST open (the first lists refs, the second asks for the pack); resolves once it has arrived. */
export function hangAtPost(server: GitServer, nth: number): Promise<void> {
  let posts = 0
  return new Promise((resolve) => {
    server.intercept = (request) => {
      if (request.method !== 'POST' || ++posts < nth) return false
      resolve()
      return true
    }
  })
}

/** The command lines of this machine's processes that hold the text. Linux only. */
export function commandLinesWith(text: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')
      } catch {
        return ''
      }
    })
    .filter((line) => line.includes(text))
}

/** Resolves once no process of what the test started is left. */
export async function untilGone(text: string): Promise<void> {
  for (let tries = 0; commandLinesWith(text).length > 0; tries++) {
    if (tries > 100) throw new Error(`still running: ${commandLinesWith(text).join('\n')}`)
    await sleep(50)
  }
}

const basic = ({ username, password }: { username: string; password: string }) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`

function makeCertificate(folder: string): { key: string; certificate: string } {
  const key = path.join(folder, 'server.key')
  const certificate = path.join(folder, 'server.pem')
  const request =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=forge.test'
  const names = 'subjectAltName=DNS:forge.test,IP:127.0.0.1'
  const files = ['-keyout', key, '-out', certificate]
  execFileSync('openssl', [...request.split(' '), '-addext', names, ...files], { stdio: 'pipe' })
  return { key, certificate }
}

/** The CGI protocol. */
function backend(folder: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url!, 'https://forge.test')
  const child = spawn('git', ['http-backend'], {
    env: {
      PATH: process.env['PATH'],
      HOME: '/nonexistent',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REQUEST_METHOD: request.method,
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      REMOTE_ADDR: '127.0.0.1',
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  request.pipe(child.stdin)
  child.stdin.on('error', () => {})
  let head = Buffer.alloc(0)
  const readHead = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk])
    const end = head.indexOf('\r\n\r\n')
    if (end < 0) return
    child.stdout.off('data', readHead)
    for (const line of head.subarray(0, end).toString().split('\r\n')) {
      const [name = '', value = ''] = line.split(': ')
      if (name === 'Status') response.statusCode = Number.parseInt(value, 10)
      else response.setHeader(name, value)
    }
    response.write(head.subarray(end + 4))
    child.stdout.pipe(response)
  }
  child.stdout.on('data', readHead)
}
