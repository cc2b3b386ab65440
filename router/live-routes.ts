import type { RouteState } from '../contract/routing.ts'
import { hostName } from './request-head.ts'
import type { Target } from './target.ts'
import type { Targets } from './targets.ts'

/** A route as the data path sees it. */
export class LiveRoute {
  readonly name: string
  readonly target: Target | undefined
  readonly answers: AnswerCounts

  constructor(name: string, target: Target | undefined, answers: AnswerCounts) {
    this.name = name
    this.target = target
    this.answers = answers
  }

  count(status: number): void {
    const group = (status / 100) | 0
    this.answers[group] = (this.answers[group] ?? 0) + 1
  }
}

/** Answers by the first digit of their status. Kept across changes of the route. */
export type AnswerCounts = number[]

/** Finds the route of a request. Never changed once built: a switch replaces the whole. */
export class LiveRoutes {
  readonly #byHost = new Map<string, LiveRoute>()
  readonly routes: LiveRoute[]

  constructor(states: Iterable<RouteState>, targets: Targets, before?: LiveRoutes) {
    const answers = new Map(before?.routes.map((route) => [route.name, route.answers]))
    this.routes = [...states].map((state) => {
      const target = state.target ? targets.at(state.target) : undefined
      const route = new LiveRoute(state.route, target, answers.get(state.route) ?? [0, 0, 0, 0, 0, 0])
      for (const host of state.hosts) this.#byHost.set(host, route)
      return route
    })
  }

  /** `host` as the client sent it. */
  find(host: string): LiveRoute | undefined {
    return this.#byHost.get(host) ?? this.#byHost.get(hostName(host))
  }

  targets(): Set<Target> {
    return new Set(this.routes.flatMap((route) => route.target ?? []))
  }
}
