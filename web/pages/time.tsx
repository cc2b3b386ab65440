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

/** How long something took; counts up in the browser while it has not ended. */
export function Duration({ from, to }: { from: string | null; to: string | null }) {
  if (!from) return null
  if (!to) return <span class="duration" data-since={from} />
  return <span class="duration">{durationText(Date.parse(to) - Date.parse(from))}</span>
}

export function durationText(ms: number): string {
  if (ms < 10_000) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
