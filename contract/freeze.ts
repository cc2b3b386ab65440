import { z } from '@hono/zod-openapi'
import { Cron } from 'croner'

const reason = z.string().min(1).max(500).describe('Shown to whoever tries to deploy')

/** Longest time that one occurrence of a repeated freeze may take: a week, after which it would be a hold. */
const longest = 7 * 24 * 3600

const betweenSchema = z
  .strictObject({ from: z.iso.datetime({ offset: true }), to: z.iso.datetime({ offset: true }), reason })
  .refine(({ from, to }) => Date.parse(from) < Date.parse(to), {
    path: ['to'],
    message: 'must be after from',
  })

const repeatedSchema = z.strictObject({
  cron: z.string().max(200).describe('When it begins: five fields, such as `0 16 * * 5`'),
  seconds: z.number().int().min(60).max(longest).describe('How long it lasts'),
  timeZone: z.string().max(60).default('UTC').describe('Of the cron fields, such as Europe/Berlin'),
  reason,
})

/** A time in which nothing is deployed: once, or again and again. */
export const freezeSchema = z
  .union([
    betweenSchema,
    repeatedSchema.superRefine(({ cron, timeZone }, context) => {
      const wrong = whyNoCron(cron, timeZone)
      if (wrong) context.addIssue({ code: 'custom', ...wrong })
    }),
  ])
  .openapi('Freeze')
export type Freeze = z.infer<typeof freezeSchema>

function whyNoCron(cron: string, timeZone: string): { path: string[]; message: string } | undefined {
  try {
    Intl.DateTimeFormat('en', { timeZone })
  } catch {
    return { path: ['timeZone'], message: 'is no time zone that is known' }
  }
  try {
    if (new Cron(cron, { paused: true, mode: '5-part', timezone: timeZone }).nextRun()) return undefined
    return { path: ['cron'], message: 'names a time that never comes' }
  } catch {
    return { path: ['cron'], message: 'must be five fields: minute hour day month weekday' }
  }
}

/** The freeze that holds at that time, and until when; undefined when there is none. */
export function freezeAt(freezes: readonly Freeze[], now: Date): { reason: string; until: Date } | undefined {
  for (const freeze of freezes) {
    const until = endOf(freeze, now)
    if (until) return { reason: freeze.reason, until }
  }
  return undefined
}

function endOf(freeze: Freeze, now: Date): Date | undefined {
  if ('from' in freeze) {
    const [from, to] = [new Date(freeze.from), new Date(freeze.to)]
    return from <= now && now < to ? to : undefined
  }
  const length = freeze.seconds * 1000
  // The first one that began less than its length ago.
  const since = new Date(now.getTime() - length)
  const began = new Cron(freeze.cron, {
    paused: true,
    mode: '5-part',
    timezone: freeze.timeZone,
  }).nextRun(since)
  return began && began <= now ? new Date(began.getTime() + length) : undefined
}
