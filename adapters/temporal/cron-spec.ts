import type { CalendarSpec, ScheduleSpec } from '@temporalio/client'
import { cronFields, runsInTheGap } from '../../contract/schedule-times.ts'

/** Times by cron in a zone, and those that its clock leaves out in spring, from `from` on. */
export const cronSpec = (cron: string, timeZone: string, from: Date): ScheduleSpec => ({
  cronExpressions: expressionsOf(cronFields(cron)),
  calendars: runsInTheGap(cron, timeZone, from).map((run) => calendarOf(run, timeZone)),
  timezone: timeZone,
})

/** To cron a day of the month and a weekday mean either of the two, to Temporal both at once. */
function expressionsOf(fields: string): string[] {
  const [minute, hour, day, month, weekday] = fields.split(/\s+/)
  if (day === '*' || weekday === '*') return [fields]
  return [`${minute} ${hour} ${day} ${month} *`, `${minute} ${hour} * ${month} ${weekday}`]
}

const months = [
  ...['JANUARY', 'FEBRUARY', 'MARCH', 'APRIL', 'MAY', 'JUNE', 'JULY', 'AUGUST', 'SEPTEMBER'],
  ...['OCTOBER', 'NOVEMBER', 'DECEMBER'],
] as NonNullable<Extract<CalendarSpec['month'], string>>[]

/** One second, as the clock of the zone shows it. */
export function calendarOf(time: Date, timeZone: string): CalendarSpec {
  const format = new Intl.DateTimeFormat('en', {
    ...{ timeZone, hourCycle: 'h23' },
    ...{
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    },
  })
  const parts = Object.fromEntries(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]))
  const { year, month, day, hour, minute, second } = parts as Record<
    'year' | 'month' | 'day' | 'hour' | 'minute' | 'second',
    number
  >
  return { year, month: months[month - 1]!, dayOfMonth: day, hour, minute, second }
}
