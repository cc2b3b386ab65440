import { LogFollow } from './log-follow.ts'
import { LogLines, type ShownLine } from './log-lines.ts'
import { LogSearch } from './log-search.ts'
import { LogTarget } from './log-target.ts'
import type { Channel } from './stream.ts'

const byId = <T extends HTMLElement>(id: string) => document.getElementById(id) as T

/** The log with its buttons. */
export function startLogView(): Channel<ShownLine> {
  const box = byId('log')
  const follow = new LogFollow({
    box,
    button: byId<HTMLButtonElement>('log-follow'),
    newLines: byId<HTMLButtonElement>('log-new'),
    resumed: () => lines.resume(),
  })
  const search = new LogSearch(box, byId<HTMLInputElement>('log-search'), byId('log-found'))
  const target = new LogTarget(box, follow)
  const lines: LogLines = new LogLines(box, {
    grown(count) {
      follow.grown(count)
      search.grown()
      target.show()
    },
    mayForget: () => follow.isOn,
    forgot: () => (byId('log-gone').hidden = false),
  })

  const select = document.querySelector<HTMLSelectElement>('#log-step')
  select?.addEventListener('change', () => only(select.value))
  // The timeline is replaced as the deployment goes on; the page around it is not.
  document.getElementById('timeline')?.addEventListener('click', (event) => {
    const step = (event.target as HTMLElement).closest<HTMLElement>('[data-step]')?.dataset['step']
    if (step) only(select?.value === step ? '' : step)
  })
  function only(step: string): void {
    if (select) select.value = step
    lines.only(step)
    search.restart()
    follow.settle()
  }
  return { rows: (rows) => lines.add(rows), end: () => lines.end() }
}
