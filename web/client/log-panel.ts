import { LogFollow } from './log-follow.ts'
import { LogLines } from './log-lines.ts'
import { LogSearch } from './log-search.ts'
import type { LogLine } from '../../contract/deployment.ts'

const byId = <T extends HTMLElement>(id: string) => document.getElementById(id) as T

/** The log with its buttons. */
export function startLogView(): { add(line: LogLine): void; end(): void } {
  const box = byId('log')
  const follow = new LogFollow(box, byId<HTMLButtonElement>('log-follow'), byId<HTMLButtonElement>('log-new'))
  const search = new LogSearch(box, byId<HTMLInputElement>('log-search'), byId('log-found'))
  const lines = new LogLines(box, (count) => {
    follow.grown(count)
    search.grown()
    showTarget(box, follow)
  })

  const select = byId<HTMLSelectElement>('log-step')
  select.addEventListener('change', () => only(select.value))
  // The timeline is replaced as the deployment goes on; the page around it is not.
  document.getElementById('timeline')?.addEventListener('click', (event) => {
    const step = (event.target as HTMLElement).closest<HTMLElement>('[data-step]')?.dataset['step']
    if (step) only(select.value === step ? '' : step)
  })
  function only(step: string): void {
    select.value = step
    lines.only(step)
    follow.settle()
  }

  box.addEventListener('click', (event) => {
    const line = event.target as HTMLElement
    // The numbers in the margin are no text, so that copying lines copies only them.
    if (line.classList.contains('line') && event.offsetX < 56) history.replaceState(null, '', `#${line.id}`)
    mark()
  })
  window.addEventListener('hashchange', () => {
    shown = ''
    showTarget(box, follow)
  })
  return { add: (line) => lines.add(line), end: () => lines.end() }
}

let shown = ''

/** Goes to the line that the address names, once it is there. */
function showTarget(box: HTMLElement, follow: LogFollow): void {
  const { hash } = location
  if (!/^#L\d+$/.test(hash) || shown === hash) return
  const line = box.querySelector(hash)
  if (!line) return
  shown = hash
  follow.set(false)
  line.scrollIntoView({ block: 'center' })
  mark()
}

function mark(): void {
  document.querySelector('.line.marked')?.classList.remove('marked')
  if (/^#L\d+$/.test(location.hash)) document.querySelector(location.hash)?.classList.add('marked')
}
