import { decorateTimes } from './clock.ts'
import { sayConnection } from './connection.ts'

/** What the server last said of each part, so that only what changed is touched: selection and focus survive. */
const known = new Map<string, string>()

const liveParts = (root: ParentNode) => root.querySelectorAll<HTMLElement>('[data-live][id]')

/** The key of a form is another one each time. */
const comparable = (part: HTMLElement): string => {
  const copy = part.cloneNode(true) as HTMLElement
  for (const input of copy.querySelectorAll('[data-once]')) input.removeAttribute('value')
  return copy.outerHTML
}

export function rememberLive(): void {
  for (const part of liveParts(document)) known.set(part.id, comparable(part))
}

let asking = false
let again = false

/** Reads this page anew and puts in what has changed. Calls that come meanwhile are one more. */
export async function refresh(): Promise<void> {
  again = true
  if (asking) return
  asking = true
  try {
    while (again) {
      again = false
      await readAgain()
    }
  } finally {
    asking = false
  }
}

async function readAgain(): Promise<void> {
  const answer = await fetch(location.pathname + location.search, { headers: { accept: 'text/html' } }).catch(
    () => undefined,
  )
  sayConnection(answer?.ok ? 'good' : 'lost')
  if (!answer) return
  if (answer.redirected && new URL(answer.url).pathname === '/sign-in') return location.assign(answer.url)
  if (!answer.ok) return
  const next = new DOMParser().parseFromString(await answer.text(), 'text/html')
  document.title = next.title
  adopt(next, 'link[rel=icon]')
  for (const part of liveParts(next)) patch(part)
}

function adopt(next: Document, selector: string): void {
  const now = document.querySelector(selector)
  const wanted = next.querySelector(selector)
  if (now && wanted && now.outerHTML !== wanted.outerHTML) now.replaceWith(wanted)
}

function patch(next: HTMLElement): void {
  const html = comparable(next)
  const now = document.getElementById(next.id)
  if (!now || known.get(next.id) === html) return
  // Somebody is just being asked something there: after the answer there is another page.
  if (now.querySelector('details.confirm[open]')) return
  known.set(next.id, html)
  const focused = now.contains(document.activeElement) ? document.activeElement : null
  const again = focused && placeOf(now, focused)
  now.replaceChildren(...next.childNodes)
  now.className = next.className
  decorateTimes(now)
  if (again) elementAt(now, again)?.focus()
}

const placeOf = (root: HTMLElement, element: Element): number =>
  [...root.querySelectorAll('a, button, summary, input')].indexOf(element) + 1

const elementAt = (root: HTMLElement, place: number): HTMLElement | undefined =>
  [...root.querySelectorAll<HTMLElement>('a, button, summary, input')][place - 1]

/** Pages without a stream look again every few seconds while somebody looks at them. */
export function watchPage(): void {
  const every = Number(document.querySelector<HTMLElement>('[data-poll]')?.dataset['poll'])
  if (!every) return
  setInterval(() => {
    if (!document.hidden) void refresh()
  }, every)
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void refresh()
  })
}
