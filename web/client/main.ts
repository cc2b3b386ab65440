import { decorateTimes, tickTimes } from './clock.ts'
import { followPage } from './follow.ts'
import { listenToKeys } from './keys.ts'
import { rememberLive, watchPage } from './refresh.ts'
import { followSignInLinks } from './sign-in-link.ts'

followSignInLinks()
rememberLive()
decorateTimes(document)
setInterval(tickTimes, 1000)
listenToKeys()

const followed = document.querySelector<HTMLElement>('[data-follow]')?.dataset
if (followed)
  followPage({
    url: followed['follow']!,
    hasEnded: followed['ended'] === 'true',
    hasEvents: followed['events'] === 'true',
  })
else watchPage()

// One question at a time, and Escape puts it away.
document.addEventListener('toggle', closeOthers, true)
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') for (const open of openQuestions()) open.open = false
})

const openQuestions = () => document.querySelectorAll<HTMLDetailsElement>('details.confirm[open]')

function closeOthers({ target }: Event): void {
  if (!(target instanceof HTMLDetailsElement) || !target.open) return
  for (const other of openQuestions()) if (other !== target) other.open = false
}
