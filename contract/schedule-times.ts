import { Cron } from 'croner'

/** Words for common times, as fields: not everyone who reads cron knows the same words. */
const words: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

/** Five fields; a word becomes what it stands for. */
export const cronFields = (cron: string): string => words[cron.trim().toLowerCase()] ?? cron.trim()

/** Undefined when a schedule may have this as its cron. */
export function whyNoRecurrence(cron: string): string | undefined {
  const text = cronFields(cron)
  const fields = text.split(/\s+/)
  if (fields.length !== 5 || !/^[\dA-Za-z*,/ -]+$/.test(text))
    return 'must be five fields (minute hour day month weekday), or a word such as @daily'
  // Some crons mean either of the two, some both.
  if (fields[2] !== '*' && fields[4] !== '*')
    return 'may restrict the day of the month or the weekday, not both'
  try {
    return cronOf(text, 'UTC').nextRun() === null ? 'names a time that never comes' : undefined
  } catch {
    return 'must be five fields (minute hour day month weekday), or a word such as @daily'
  }
}

export function isTimeZone(name: string): boolean {
  try {
    // An offset such as +02:00 is a time zone to JavaScript, but not to others.
    return Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '' && /^[A-Za-z]/.test(name)
  } catch {
    return false
  }
}

const cronOf = (text: string, timezone: string) => new Cron(text, { paused: true, mode: '5-part', timezone })

const halfHour = 1_800_000
const day = 86_400_000
const week = 7 * day
/** Years ahead for which the changes of the clock are known well enough. */
const yearsAhead = 10

/**
 * The runs that fall into the hour which is left out in spring: the clock never shows their time on that day. Temporal
 * leaves them out; here they come as much later as the clock jumps, so that a nightly run comes every night.
 */
export function runsInTheGap(cron: string, timeZone: string, from: Date): Date[] {
  const times = cronOf(cronFields(cron), timeZone)
  return jumps(timeZone, from).flatMap((jump) =>
    times
      .nextRuns(30, new Date(jump - 1))
      .filter((run) => run.getTime() < jump + 3 * 3_600_000 && !times.match(run)),
  )
}

/** When the clock jumps ahead, to the hour. */
function jumps(timeZone: string, from: Date): number[] {
  const found: number[] = []
  const start = Math.floor(from.getTime() / 3_600_000) * 3_600_000
  let before = offsetAt(timeZone, start)
  for (let at = start + week; at < start + yearsAhead * 366 * day; at += week) {
    const now = offsetAt(timeZone, at)
    if (now > before) found.push(jumpBetween(timeZone, at - week, at))
    before = now
  }
  return found
}

/** By halves, to the half hour: clocks change at whole and half hours of UTC. */
function jumpBetween(timeZone: string, earlier: number, later: number): number {
  const before = offsetAt(timeZone, earlier)
  let [low, high] = [earlier / halfHour, later / halfHour]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetAt(timeZone, middle * halfHour) === before) low = middle
    else high = middle
  }
  return high * halfHour
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** Milliseconds that the clock of the zone is ahead of UTC. */
function offsetAt(timeZone: string, at: number): number {
  let format = formats.get(timeZone)
  if (!format) {
    format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' })
    formats.set(timeZone, format)
  }
  const text = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT'
  const match = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(text)
  if (!match?.[1]) return 0
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3])) * 60_000
}
