/** A moment: exact here, "3 minutes ago" where a script runs. */
export function Moment({ at }: { at: string | null }) {
  if (!at) return null
  const text = `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`
  return (
    <time datetime={at} title={text} data-ago>
      {text}
    </time>
  )
}

/** A moment whose distance from now says less than itself; in that zone where one is named. */
export const Exact = ({ at, timeZone }: { at: string; timeZone?: string }) => (
  <time datetime={at}>{timeZone ? inZone(at, timeZone) : `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`}</time>
)

function inZone(at: string, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone, weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' },
    ...{ hour: '2-digit', minute: '2-digit' },
  })
  return `${format.format(new Date(at))} ${timeZone}`
}

/** How long something took; counts up in the browser while it has not ended. */
export function Duration({ from, to }: { from: string | null; to: string | null }) {
  if (!from) return null
  if (!to) return <span class="duration" data-since={from} />
  return <span class="duration">{durationText(Date.parse(to) - Date.parse(from))}</span>
}

/** How long something is still away; counts down in the browser. */
export const Until = ({ at }: { at: string }) => (
  <time datetime={at} data-until>
    at {at.slice(11, 19)} UTC
  </time>
)

export function durationText(ms: number): string {
  if (ms < 10_000) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
