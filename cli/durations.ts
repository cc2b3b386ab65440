import { CliError } from './cli-error.ts'
import { exitCodes } from './exit-codes.ts'

/** `0.4 s`, `12 s`, `3 m 05 s`. */
export function readableDuration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 60) return `${Math.round(seconds)} s`
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)} m ${String(whole % 60).padStart(2, '0')} s`
}

/** `90`, `90s`, `5m`, `1h`, `7d` as milliseconds. @throws CliError */
export function parseDuration(text: string): number {
  const match = /^(\d{1,6})(ms|s|m|h|d)?$/.exec(text)
  if (!match)
    throw new CliError(`${text} is not a duration such as 90s, 5m or 1h.`, { exitCode: exitCodes.usage })
  return (
    Number(match[1]) *
    { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[
      (match[2] ?? 's') as 'ms' | 's' | 'm' | 'h' | 'd'
    ]
  )
}

/** A time such as `2026-11-01T12:00:00Z`, or how long ago: `10m`, `2h`, `7d`. @throws CliError */
export function parseMoment(text: string, now = Date.now()): Date {
  const days = /^(\d{1,4})d$/.exec(text)
  if (days) return new Date(now - Number(days[1]) * 86_400_000)
  if (/^\d{1,6}(ms|s|m|h)$/.test(text)) return new Date(now - parseDuration(text))
  const at = new Date(text)
  if (/^\d{4}-/.test(text) && !Number.isNaN(at.getTime())) return at
  throw new CliError(
    `${text} is neither a time such as 2026-11-01T12:00:00Z nor how long ago, such as 2h or 7d.`,
    {
      exitCode: exitCodes.usage,
    },
  )
}
