import { readFileSync, statSync } from 'node:fs'
import type { Fence, RouteChange, RouteState } from '../contract/routing.ts'
import { LiveRoutes } from './live-routes.ts'
import type { LiveRoute } from './live-routes.ts'
import { log } from './log.ts'
import type { Outcome, RouteBook } from './route-book.ts'
import { emptyBook, planChange, planRemoval } from './route-book.ts'
import type { RouterSettings } from './settings.ts'
import type { StateFile } from './state-file.ts'
import { decode, stateFile } from './state-file.ts'
import { Targets } from './targets.ts'

/** What becomes of routes that could not be read, for whoever reads the log. */
const nextAfter = {
  state: undefined,
  copy: 'the copy is used',
  nothing: 'the routes are lost; the agent makes those of its live releases again',
}

/**
 * The routes, durable and live. A change is first made durable, then switched, then answered: a crash before the
 * rename leaves the old routes, one after it the new ones, and whoever asked repeats the change, which is then
 * carried out or a no-op.
 */
export class Traffic {
  readonly targets: Targets
  readonly #settings: RouterSettings
  readonly #file: StateFile
  #book: RouteBook = emptyBook
  #live: LiveRoutes
  #changes: Promise<unknown> = Promise.resolve()
  /** What the copy of the state holds. */
  #kept: RouteBook | undefined
  #leaving = false
  #seen = ''

  constructor(settings: RouterSettings) {
    this.#settings = settings
    this.#file = stateFile(settings.statePath)
    this.targets = new Targets(settings.limits)
    this.#live = new LiveRoutes([], this.targets)
  }

  async load(): Promise<void> {
    const { book, from, fault, twice } = await this.#file.load()
    if (fault !== undefined) log('state unreadable', { from, fault, next: nextAfter[from] })
    if (from === 'copy') await this.#file.save(book).catch(logNotWritten)
    if (twice) this.#kept = book
    else await this.#keepCopy(book)
    this.#switch(book)
    log('state loaded', { from, routes: book.routes.length })
  }

  /** The hot path. */
  find(host: string): LiveRoute | undefined {
    if (this.#leaving) this.#followSuccessor()
    return this.#live.find(host)
  }

  /** Another process takes over the routes: this one only reads them. Resolves when no change is under way. */
  async handOver(): Promise<void> {
    this.#leaving = true
    await this.#changes
  }

  /** The successor did not come up. */
  resume(): void {
    this.#leaving = false
  }

  get isLeaving(): boolean {
    return this.#leaving
  }

  get live(): LiveRoutes {
    return this.#live
  }

  list(): RouteState[] {
    return this.#book.routes
  }

  get(route: string): RouteState | undefined {
    return this.#book.routes.find((state) => state.route === route)
  }

  isRouted(instance: string): boolean {
    return this.#book.routes.some(({ target }) => target?.instance === instance)
  }

  change(change: RouteChange): Promise<Outcome> {
    return this.#carryOut((book) => planChange(book, change, new Date()))
  }

  remove(route: string, fence: Fence): Promise<Outcome> {
    return this.#carryOut((book) => planRemoval(book, route, fence))
  }

  /** One after the other: what is planned must still hold when it has been written. */
  #carryOut(plan: (book: RouteBook) => Outcome): Promise<Outcome> {
    const done = this.#changes.then(async () => {
      const outcome = plan(this.#book)
      if ('refused' in outcome || outcome.book === this.#book) return outcome
      await this.#file.save(outcome.book)
      this.#switch(outcome.book)
      return outcome
    })
    // Whatever came of it. The next change waits for the copy, the answer to this one does not.
    this.#changes = done.then(
      () => this.#keepCopy(this.#book),
      () => {},
    )
    return done
  }

  /** The book itself is durable; without its copy it is only less safe. */
  async #keepCopy(book: RouteBook): Promise<void> {
    if (book === this.#kept) return
    try {
      await this.#file.saveCopy(book)
      this.#kept = book
    } catch (error) {
      logNotWritten(error as Error)
    }
  }

  #switch(book: RouteBook): void {
    const next = new LiveRoutes(book.routes, this.targets, this.#live)
    this.#book = book
    this.#live = next
    this.targets.setRouted(next.targets())
  }

  /** Requests that still come on kept connections must go where the successor has switched to meanwhile. */
  #followSuccessor(): void {
    try {
      const { ino, mtimeMs, size } = statSync(this.#settings.statePath)
      const seen = `${ino} ${mtimeMs} ${size}`
      if (seen === this.#seen) return
      this.#switch(decode(readFileSync(this.#settings.statePath, 'utf8')))
      this.#seen = seen
    } catch {
      // The routes known so far are the best that there is.
    }
  }
}

function logNotWritten({ message }: Error): void {
  log('state not written twice', { error: message })
}
