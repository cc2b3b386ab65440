import { setTimeout as sleep } from 'node:timers/promises'
import type { Fence, RouteChange, RouterHealth, RouteState, TargetLoad } from '../../../contract/routing.ts'
import type { Router } from '../../../ports/router.ts'
import { HostTaken, StaleFence } from '../../../ports/router.ts'
import type { ControlAnswer } from './control-call.ts'
import { callControl, isRestarting } from './control-call.ts'

export interface EmbeddedRouterOptions {
  /** The router's SLUICE_ROUTER_SOCKET. */
  socketPath: string
  /** Milliseconds to go on asking while the router restarts. Default 1500. */
  patienceMs?: number
}

/** The router in `router/`, commanded over its control socket. Every call may be repeated. */
export function embeddedRouter({ socketPath, patienceMs = 1_500 }: EmbeddedRouterOptions): Router {
  async function call(
    method: string,
    path: string,
    body?: unknown,
    signal?: AbortSignal,
  ): Promise<ControlAnswer> {
    const deadline = Date.now() + patienceMs
    for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 2, 160)) {
      try {
        const answer = await callControl(socketPath, method, path, body, signal)
        if (answer.code !== 'BeingReplaced' || Date.now() > deadline) return answer
      } catch (error) {
        if (!isRestarting(error as Error) || signal?.aborted) throw error
        if (Date.now() > deadline) {
          throw new Error(
            `The router does not answer on ${socketPath}: ${(error as Error).message}. Is it running?`,
            {
              cause: error,
            },
          )
        }
      }
      await sleep(pauseMs)
    }
  }

  return {
    async change(change: RouteChange) {
      return expectOk<RouteState>(await call('PUT', pathOf(change.route), change), change.route)
    },

    async remove(route: string, { deployment, revision }: Fence) {
      expectOk(await call('DELETE', `${pathOf(route)}?deployment=${deployment}&revision=${revision}`), route)
    },

    async find(route: string) {
      const answer = await call('GET', pathOf(route))
      return answer.status === 404 ? undefined : expectOk<RouteState>(answer, route)
    },

    async list() {
      return expectOk<RouteState[]>(await call('GET', '/routes'))
    },

    async load(instance: string) {
      return expectOk<TargetLoad>(await call('GET', `/targets/${encodeURIComponent(instance)}`))
    },

    async drain(instance: string, limitMs: number, signal?: AbortSignal) {
      const limit = Math.max(0, Math.round(limitMs))
      const path = `/targets/${encodeURIComponent(instance)}/drain?limit=${limit}`
      return expectOk<TargetLoad>(await call('POST', path, undefined, signal))
    },

    async health() {
      return expectOk<RouterHealth>(await call('GET', '/healthz'))
    },
  }
}

const pathOf = (route: string) => `/routes/${encodeURIComponent(route)}`

function expectOk<T>(answer: ControlAnswer, route = ''): T {
  if (answer.status < 300) return answer.content as T
  const problem = answer.content as { detail?: string; current?: Fence; host?: string; route?: string }
  if (answer.code === 'StaleFence' && problem.current) throw new StaleFence(route, problem.current)
  if (answer.code === 'HostTaken') throw new HostTaken(problem.host ?? '', problem.route ?? '')
  throw new Error(
    `The router refused (${answer.status} ${answer.code ?? ''}): ${problem.detail ?? 'no reason given'}`,
  )
}
