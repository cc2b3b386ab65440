import { durationText } from '../pages/time.tsx'

/** Gives moments their distance from now. */
export function decorateTimes(root: ParentNode): void {
  for (const time of root.querySelectorAll<HTMLTimeElement>('time[data-ago]')) {
    const text = agoText(Date.now() - Date.parse(time.dateTime))
    if (time.textContent !== text) time.textContent = text
  }
  for (const next of root.querySelectorAll<HTMLTimeElement>('time[data-until]')) {
    const text = untilText(Date.parse(next.dateTime) - Date.now())
    if (next.textContent !== text) next.textContent = text
  }
  for (const running of root.querySelectorAll<HTMLElement>('[data-since]')) {
    const text = durationText(Date.now() - Date.parse(running.dataset['since']!))
    if (running.textContent !== text) running.textContent = text
  }
}

/** To be called every second. */
export function tickTimes(): void {
  if (document.hidden) return
  decorateTimes(document)
  if (!isStill.matches) turnSigns()
}

const isStill = matchMedia('(prefers-reduced-motion: reduce)')

/**
 * What runs turns by a quarter, in the frame that the times need anyway: an animation would have each tab drawn sixty
 * times a second, which is a tenth of a processor for as long as a deployment takes.
 */
function turnSigns(): void {
  const rotate = `${(Math.floor(Date.now() / 1000) % 4) * 90}deg`
  for (const sign of document.querySelectorAll<HTMLElement>('.status.running .sign'))
    sign.style.rotate = rotate
}

const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
]
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })

const untilText = (ms: number): string => (ms > 0 ? `in ${Math.ceil(ms / 1000)} s` : 'now')

function agoText(ms: number): string {
  const [unit, size] = units.find((one) => ms >= one[1]) ?? []
  return unit && size ? relative.format(-Math.floor(ms / size), unit) : 'just now'
}
