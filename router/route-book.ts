import type { Fence, RouteChange, RouteState } from '../contract/routing.ts'
import { compareFences } from '../contract/routing.ts'

/** All that the router must not forget. Never changed in place. */
export interface RouteBook {
  routes: RouteState[]
  /** Fences of removed routes, oldest first, so that a late change does not bring one back. */
  removed: { route: string; fence: Fence }[]
}

export const emptyBook: RouteBook = { routes: [], removed: [] }

/** Removed routes whose fence is remembered. */
const mostRemoved = 1_000

export type Refused =
  | { code: 'StaleFence'; route: string; current: Fence }
  | { code: 'HostTaken'; host: string; route: string }

/** `book` is the same object when nothing is to be done. */
export type Outcome = { book: RouteBook; state: RouteState | undefined } | { refused: Refused }

export function planChange(book: RouteBook, change: RouteChange, now: Date): Outcome {
  const known = book.routes.find(({ route }) => route === change.route)
  const current = known?.fence ?? removedFence(book, change.route)
  if (current !== undefined) {
    const order = compareFences(change.fence, current)
    if (order === 0 && known !== undefined && sameContent(known, change)) return { book, state: known }
    if (order <= 0) return { refused: { code: 'StaleFence', route: change.route, current } }
  }
  for (const other of book.routes) {
    if (other.route === change.route) continue
    const host = change.hosts.find((name) => other.hosts.includes(name))
    if (host !== undefined) return { refused: { code: 'HostTaken', host, route: other.route } }
  }
  const state: RouteState = { ...change, changedAt: now.toISOString() }
  return {
    state,
    book: {
      routes: [...book.routes.filter(({ route }) => route !== change.route), state],
      removed: book.removed.filter(({ route }) => route !== change.route),
    },
  }
}

export function planRemoval(book: RouteBook, route: string, fence: Fence): Outcome {
  const known = book.routes.find((state) => state.route === route)
  const removed = removedFence(book, route)
  if (known === undefined && removed !== undefined && compareFences(fence, removed) <= 0) {
    return { book, state: undefined }
  }
  if (known !== undefined && compareFences(fence, known.fence) <= 0) {
    return { refused: { code: 'StaleFence', route, current: known.fence } }
  }
  return {
    state: undefined,
    book: {
      routes: book.routes.filter((state) => state.route !== route),
      removed: [...book.removed.filter((gone) => gone.route !== route), { route, fence }].slice(-mostRemoved),
    },
  }
}

const removedFence = (book: RouteBook, route: string): Fence | undefined =>
  book.removed.find((gone) => gone.route === route)?.fence

function sameContent(a: RouteChange, b: RouteChange): boolean {
  const hosts = new Set(a.hosts)
  return (
    hosts.size === new Set(b.hosts).size &&
    b.hosts.every((host) => hosts.has(host)) &&
    a.target?.instance === b.target?.instance &&
    a.target?.host === b.target?.host &&
    a.target?.port === b.target?.port
  )
}
