import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import http from 'node:http'
import type { RouterHealth } from '../contract/routing.ts'
import type { ControlSocket } from './control-socket.ts'
import { drain, loadOf } from './drain.ts'
import { log } from './log.ts'
import { metricsText } from './metrics.ts'
import type { Refusal } from './refusal.ts'
import { refuse } from './refusal.ts'
import type { Refused } from './route-book.ts'
import { parseChange, parseFence } from './route-change.ts'
import type { Traffic } from './traffic.ts'

const mostBodyBytes = 262_144
const longestDrainMs = 86_400_000

export interface ControlOf {
  traffic: Traffic
  socket: ControlSocket
  /** The port that clients reach. */
  port: () => number
  connections: () => number
}

interface Answer {
  status: number
  body?: unknown
  text?: string
}

/** The control API, for whoever may open the Unix socket. */
export function createControl(of: ControlOf): Server {
  return http.createServer({ keepAliveTimeout: 1_000 }, (request, response) => {
    handle(of, request, response).then(
      (answer) => send(response, answer),
      (error: Error & { refusal?: Refusal }) => {
        const internal = { status: 500, code: 'Internal', detail: error.message }
        if (!error.refusal)
          log('control failed', { method: request.method, path: request.url, error: error.message })
        if (!response.destroyed) refuse(response, error.refusal ?? internal)
      },
    )
  })
}

async function handle(of: ControlOf, request: IncomingMessage, response: ServerResponse): Promise<Answer> {
  const { traffic, socket } = of
  const url = new URL(request.url ?? '/', 'http://control')
  const [, resource, encoded, verb] = url.pathname.split('/')
  const name = encoded === undefined ? undefined : nameIn(encoded)

  switch (`${request.method} ${resource}${name === undefined ? '' : '/:name'}${verb ? `/${verb}` : ''}`) {
    case 'GET healthz': {
      const health: RouterHealth = {
        status: 'ok',
        pid: process.pid,
        routes: traffic.list().length,
        port: of.port(),
        uptimeSeconds: Math.round(process.uptime()),
      }
      return { status: 200, body: health }
    }
    case 'GET metrics':
      return { status: 200, text: metricsText(traffic.live, traffic.targets, of.connections()) }
    case 'GET routes':
      return { status: 200, body: traffic.list() }
    case 'GET routes/:name': {
      const state = traffic.get(name as string)
      return state ? { status: 200, body: state } : notFound(`${name} is not a route.`)
    }
    case 'PUT routes/:name': {
      const text = await readBody(request)
      const change = understood(() => parseChange(name as string, text))
      if (traffic.isLeaving) return problem(beingReplaced)
      const outcome = await traffic.change(change)
      if ('refused' in outcome) return conflict(outcome.refused)
      log('route changed', { route: name, fence: change.fence, target: change.target, hosts: change.hosts })
      return { status: 200, body: outcome.state }
    }
    case 'DELETE routes/:name': {
      if (traffic.isLeaving) return problem(beingReplaced)
      const fence = understood(() => parseFence(url.searchParams))
      const outcome = await traffic.remove(name as string, fence)
      if ('refused' in outcome) return conflict(outcome.refused)
      log('route removed', { route: name, fence })
      return { status: 204 }
    }
    case 'GET targets/:name':
      return { status: 200, body: await loadOf(name as string, traffic.targets, socket) }
    case 'POST targets/:name/drain': {
      const instance = name as string
      const limitMs = understood(() => drainLimit(url.searchParams.get('limit')))
      const gone = new AbortController()
      response.on('close', () => gone.abort())
      const started = Date.now()
      const cut = await drain(instance, limitMs, traffic, socket, gone.signal)
      if (cut === undefined) {
        const detail = `${instance} still gets traffic; change its route before draining it.`
        return problem({ status: 409, code: 'StillRouted', detail })
      }
      log('target drained', { instance, waitedMs: Date.now() - started, cut, abandoned: gone.signal.aborted })
      return { status: 200, body: cut }
    }
    // Between router processes: this one alone, without asking the others in turn.
    case 'GET own/:name':
      return { status: 200, body: traffic.targets.loadOf(name as string) }
    case 'DELETE own/:name':
      traffic.targets.cut(name as string)
      return { status: 200, body: {} }
    default:
      return notFound(`There is no ${request.method} ${url.pathname} here.`)
  }
}

function send(response: ServerResponse, { status, body, text }: Answer): void {
  if (response.destroyed) return
  if (status === 204) {
    response.writeHead(204).end()
    return
  }
  const type =
    text === undefined ? (status < 400 ? 'application/json' : 'application/problem+json') : 'text/plain'
  response.writeHead(status, { 'content-type': type }).end(text ?? JSON.stringify(body))
}

const problem = (refusal: Refusal, more: object = {}): Answer => ({
  status: refusal.status,
  body: { type: 'about:blank', title: http.STATUS_CODES[refusal.status], ...refusal, ...more },
})
const beingReplaced: Refusal = {
  status: 503,
  code: 'BeingReplaced',
  detail: 'Another router process is taking over; ask again.',
  retryAfter: 1,
}
const notFound = (detail: string) => problem({ status: 404, code: 'NotFound', detail })

function conflict(refused: Refused): Answer {
  const { code, ...more } = refused
  const detail =
    refused.code === 'StaleFence'
      ? `${refused.route} was changed by deployment ${refused.current.deployment}, which is not older.`
      : `${refused.host} belongs to ${refused.route}.`
  log('change refused', { ...refused })
  return problem({ status: 409, code, detail }, more)
}

function refused(detail: string, status = 400): Error {
  return Object.assign(new Error(detail), {
    refusal: { status, code: 'BadRequest', detail } satisfies Refusal,
  })
}

function understood<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw refused(`${(error as Error).message}.`)
  }
}

const nameIn = (encoded: string): string => understood(() => decodeURIComponent(encoded))

function drainLimit(text: string | null): number {
  const limit = Number(text ?? Number.NaN)
  if (!Number.isInteger(limit) || limit < 0 || limit > longestDrainMs) {
    throw new Error(`limit must be milliseconds from 0 to ${longestDrainMs}`)
  }
  return limit
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > mostBodyBytes) throw refused(`The body is larger than ${mostBodyBytes} bytes.`, 413)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
