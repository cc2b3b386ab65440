import { z } from '@hono/zod-openapi'
import { Cron } from 'croner'
import { defaults } from './defaults.ts'
import { limitsConfigSchema } from './limits-schema.ts'
import { cronFields, isTimeZone } from './schedule-times.ts'
import { textUpTo } from './text.ts'

const command = textUpTo(8192).min(1)

const durationForm = 'must be seconds as a number, or text such as 90s, 5m or 1h'

/** Seconds as a number, or `90s`, `5m`, `1h`. Becomes milliseconds. */
const duration = z
  .union([z.number().nonnegative(), z.string().regex(/^\d{1,6}(ms|s|m|h)$/, durationForm)], {
    error: durationForm,
  })
  .transform((value) => {
    if (typeof value === 'number') return Math.round(value * 1000)
    const [, amount, unit] = /^(\d+)(ms|s|m|h)$/.exec(value)!
    return Number(amount) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit as 'ms' | 's' | 'm' | 'h']
  })

const upTo = (limitMs: number) =>
  duration.refine((ms) => ms <= limitMs, `must be at most ${limitMs / 1000} seconds`)

/** A path on the service itself: `//evil/` and `@evil` are other hosts to some URL parsers. */
const healthPath = z
  .string()
  .max(1024)
  .regex(/^\/(?!\/)[^\s@\\]*$/, 'must be a path such as /healthz')

const folder = z
  .string()
  .max(512)
  .refine(
    (text) => !text.startsWith('/') && !text.split('/').includes('..') && !/[\0\n\r]/.test(text),
    'must be a folder inside the repository',
  )

/** What a migration hook may say beside its command, so that Sluice need not ask a person when its result is lost. */
const migrationSchema = z.strictObject({
  run: command.describe('The command'),
  repeatable: z.boolean().optional().describe('A second run does no harm: a lost result is run again'),
  check: command
    .optional()
    .describe(
      'Asked after a lost result: exit 0 says applied, 1 to 125 says not applied, which runs it again',
    ),
})
/** Without L, W, # and ?, which not everyone who keeps the time knows. */
const cronWords =
  /^(?:[\d*,/ \t-]|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat)+$/i

/** Undefined when it fits; a schedule that never comes, such as the 31st of February, does not. */
export function whyNoSchedule(text: string): string | undefined {
  try {
    const fields = cronFields(text)
    if (!cronWords.test(fields)) throw new Error('fields that only some know')
    // Seconds and years are not what the field knows as cron.
    const next = new Cron(fields, { paused: true, mode: '5-part' }).nextRun()
    return next === null ? 'names a time that never comes' : undefined
  } catch {
    return 'must be five fields (minute hour day month weekday), or a word such as @daily'
  }
}

const schedule = z
  .string()
  .max(200)
  .superRefine((text, context) => {
    const why = whyNoSchedule(text)
    if (why !== undefined) context.addIssue({ code: 'custom', message: why })
  })

/** What `sluice.yaml` may say, and an environment's `config` in the API, which wins over the file. */
export const configSchema = z
  .strictObject({
    root: folder.optional().describe('Folder of the repository that is the service'),
    install: command.nullable().optional().describe('Replaces the detected install command; null for none'),
    build: command.nullable().optional().describe('Replaces the detected build command; null for none'),
    start: command.optional().describe('Starts the web process, which listens on $PORT'),
    processes: z
      .record(
        z
          .string()
          .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/, 'must be a name of letters, digits, _ and -')
          .refine(
            (name) => !['web', 'release', 'postdeploy'].includes(name),
            'is no process beside web: say start, or hooks.migrate',
          ),
        command.nullable(),
      )
      .optional()
      .describe(
        'Commands that run beside web, by name, such as worker; they need no port. null: not, though the Procfile has it',
      ),
    hooks: z
      .strictObject({
        migrate: z
          .union([command, migrationSchema], { error: 'must be a command, or an object with run' })
          .optional()
          .describe('Runs once per deployment, on one host, before the switch'),
        reload: command.optional().describe('Runs after the migration, then the candidate restarts'),
      })
      .optional(),
    hookTimeout: upTo(3_600_000).optional().describe('Of the migrate hook; default 20m'),
    buildTimeout: upTo(3_600_000).optional().describe('Of install and of build; default 15m'),
    health: z
      .strictObject({ path: healthPath })
      .optional()
      .describe('GET must answer 2xx before the release goes live'),
    bootTimeout: upTo(900_000)
      .optional()
      .describe(`Until the service must listen; default ${defaults.bootTimeout / 1000}s`),
    drain: upTo(900_000)
      .optional()
      .describe(`How long open requests may take at a switch; default ${defaults.drain / 1000}s`),
    soak: upTo(900_000)
      .optional()
      .describe(
        `How long a new release is watched after the switch, while the old one stays ready; 0 turns it off; default ${defaults.soak / 1000}s`,
      ),
    static: z
      .strictObject({ folder: folder.optional(), spa: z.boolean().optional() })
      .optional()
      .describe('Serve a folder of files instead of starting a process of its own'),
    environment: z
      .record(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/),
        z.union([z.string(), z.number(), z.boolean()]).transform(String),
      )
      .optional()
      .describe('Plain variables; those set on the environment win'),
    requires: z
      .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable'))
      .max(200)
      .optional()
      .describe('Variables that must be set before anything is deployed'),
    limits: limitsConfigSchema.optional().describe('What the processes of the service may take'),
    buildLimits: limitsConfigSchema.optional().describe('What install, build and each hook may take'),
    cron: z
      .record(
        z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be a name of lower-case letters, digits and -'),
        z.strictObject({
          schedule: schedule.describe('Five fields, or a word such as @daily'),
          timeZone: z
            .string()
            .max(64)
            .refine(isTimeZone, 'must be a time zone such as Europe/Berlin')
            .optional()
            .describe('UTC when absent'),
          command: command.describe('Runs in the live release'),
        }),
      )
      .optional()
      .describe('Commands that run at certain times, by name'),
    buildpacks: z
      .array(
        z
          .string()
          .min(1)
          .max(2000)
          .refine((text) => !/[\p{Cc}\s]/u.test(text), 'must be a url or a name, without spaces')
          .refine(
            (text) => !/\/\/[^/@]*:[^/@]*@/.test(text),
            'must not hold a password: put the url into the secret variable BUILDPACK_URL',
          ),
      )
      .min(1)
      .max(20)
      .optional()
      .describe(
        'Buildpacks that build, in this order: names such as nodejs, or urls with #branch, #tag or #commit',
      ),
    keepReleases: z.number().int().min(1).max(50).optional(),
  })
  .openapi('Config')
export type Config = z.infer<typeof configSchema>
