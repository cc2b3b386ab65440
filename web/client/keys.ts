/** Keys that work everywhere but in a field. */
export function listenToKeys(): void {
  document.addEventListener('keydown', (event) => {
    const target = event.target as HTMLElement
    if (event.ctrlKey || event.metaKey || event.altKey || target.matches('input, textarea, select')) return
    const act = actions[event.key]
    if (!act) return
    event.preventDefault()
    act()
  })
}

const actions: Record<string, () => void> = {
  j: () => move(1),
  k: () => move(-1),
  '/': () => document.querySelector<HTMLInputElement>('input[type=search]')?.focus(),
  f: () => document.getElementById('log-follow')?.click(),
  '?': () => {
    const keys = document.querySelector<HTMLDialogElement>('#keys')
    if (keys && !keys.open) keys.showModal()
  },
}

/** To the next entry of the page, by what can be opened in it. */
function move(by: number): void {
  // One in which nothing can be opened, such as a step that was skipped, is passed over.
  const entries = [...document.querySelectorAll<HTMLElement>('[data-entry]')].filter(focusableIn)
  if (entries.length === 0) return
  const now = entries.findIndex((entry) => entry.contains(document.activeElement))
  const next = entries[now < 0 ? 0 : Math.min(entries.length - 1, Math.max(0, now + by))]
  if (!next) return
  focusableIn(next)?.focus()
  next.scrollIntoView({ block: 'nearest' })
}

const focusableIn = (entry: HTMLElement): HTMLElement | null =>
  entry.querySelector<HTMLElement>('a, button:not([disabled])')
