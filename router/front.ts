import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import http from 'node:http'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import type { Destination, Life } from './exchange.ts'
import { Exchange } from './exchange.ts'
import type { LiveRoute } from './live-routes.ts'
import type { Refusal } from './refusal.ts'
import { noLiveRelease, overloaded, rawRefusal, refuse, unknownHost } from './refusal.ts'
import { hostName, readHead } from './request-head.ts'
import type { RouterSettings } from './settings.ts'
import { Tunnel } from './tunnel.ts'

export interface Front {
  /** @param fd of a bound socket. */
  listen(fd: number): Promise<number>
  /**
   * Stops accepting, answers what still comes on open connections with `Connection: close`, closes idle ones
   * after the lazy delay and resolves when none is left, or at the limit. Never `server.close()`: it closes idle
   * connections at once, and a client that is just sending on one of them sees a reset.
   */
  leave(): Promise<void>
  connections(): number
}

type FindRoute = (host: string) => LiveRoute | undefined

/** The server that clients talk to. */
export function createFront(settings: RouterSettings, findRoute: FindRoute, onOverload: () => void): Front {
  const { limits, trustProxy } = settings
  const sockets = new Set<net.Socket>()
  const life: Life = { leaving: false }

  const server: Server = http.createServer({
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.clientHeaderMs,
    // Bodies may take as long as they keep coming: see Upload.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(1_000, limits.clientHeaderMs / 4),
    keepAliveTimeout: limits.keepAliveMs,
    noDelay: true,
    insecureHTTPParser: false,
    requireHostHeader: false,
    optimizeEmptyRequests: true,
    shouldUpgradeCallback: isWebSocket,
  } as http.ServerOptions)
  server.maxConnections = limits.maxConnections
  // Bounded by their size; Node would otherwise drop what is over the number without a word.
  server.maxHeadersCount = 0

  const destination = (request: IncomingMessage): Destination | Refusal => {
    if (request.httpVersionMajor !== 1) return versionRefused
    if (request.method === 'TRACE') return traceRefused
    const head = readHead(request, trustProxy)
    if ('status' in head) return head
    const route = findRoute(head.host)
    if (route === undefined) return unknownHost(hostName(head.host))
    const { target } = route
    if (target === undefined) return noLiveRelease(route.name)
    if (target.isFull) {
      onOverload()
      return overloaded(route.name)
    }
    return { head, route, target }
  }

  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (life.leaving) response.shouldKeepAlive = false
    const to = destination(request)
    if ('status' in to) refuse(response, to)
    else new Exchange(request, response, to, life).start(limits.clientBodyMs)
  })

  server.on('upgrade', (request: IncomingMessage, client: Duplex, early: Buffer) => {
    client.on('error', () => client.destroy())
    const to = isWebSocket(request) ? destination(request) : upgradeRefused
    if ('status' in to) client.end(rawRefusal(to), () => client.destroy())
    else new Tunnel(request, client, to, limits).open(early)
  })

  server.on('connect', (_request: IncomingMessage, client: Duplex) => {
    client.on('error', () => client.destroy())
    client.end(rawRefusal(connectRefused), () => client.destroy())
  })

  server.on('clientError', (error: NodeJS.ErrnoException, client: net.Socket) => {
    const { _httpMessage: current } = client as net.Socket & { _httpMessage?: ServerResponse }
    // Half an answer on the wire cannot be followed by another one.
    if (client.writable && !current?.headersSent) client.write(rawRefusal(refusalForParser(error)))
    client.destroy()
  })

  server.on('connection', (socket: net.Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })

  return {
    listen: (fd) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen({ fd }, () => resolve((server.address() as net.AddressInfo).port))
      }),

    connections: () => sockets.size,

    async leave() {
      life.leaving = true
      net.Server.prototype.close.call(server)
      const started = Date.now()
      while (sockets.size > 0 && Date.now() - started < limits.stopMs) {
        await new Promise((resolve) => setTimeout(resolve, 50))
        if (Date.now() - started >= limits.lazyCloseMs) server.closeIdleConnections()
      }
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Everything else that asks for an upgrade is served as the plain request that it also is. */
function isWebSocket(request: IncomingMessage): boolean {
  const { headers } = request
  return (
    request.method === 'GET' &&
    request.httpVersionMinor === 1 &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    headers['content-length'] === undefined &&
    headers['transfer-encoding'] === undefined
  )
}

const traceRefused: Refusal = {
  status: 405,
  code: 'MethodNotAllowed',
  detail: 'TRACE is not passed on.',
  close: true,
}
const connectRefused: Refusal = {
  status: 405,
  code: 'MethodNotAllowed',
  detail: 'This is not a forward proxy.',
}
const upgradeRefused: Refusal = {
  status: 501,
  code: 'UpgradeNotSupported',
  detail: 'Only WebSockets are supported.',
}
const versionRefused: Refusal = {
  status: 505,
  code: 'HttpVersionNotSupported',
  detail: 'Only HTTP/1.1 and HTTP/1.0 are understood here.',
  close: true,
}

function refusalForParser(error: NodeJS.ErrnoException): Refusal {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, code: 'HeaderTooLarge', detail: 'The header of the request is too large.' }
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { status: 413, code: 'ChunkExtensionsTooLarge', detail: 'The chunk extensions are too large.' }
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return {
        status: 408,
        code: 'RequestTimedOut',
        detail: 'The header of the request did not arrive in time.',
      }
    default:
      return { status: 400, code: 'BadRequest', detail: 'The request is not valid HTTP/1.1.' }
  }
}
