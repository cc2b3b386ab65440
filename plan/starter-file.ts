import { stringify } from 'yaml'
import type { Config } from '../contract/config.ts'
import type { Plan } from '../contract/plan.ts'

type Keys = Pick<
  Config,
  'root' | 'install' | 'build' | 'start' | 'static' | 'hooks' | 'environment' | 'health'
> & {
  cron?: Record<string, { schedule: string; command: string }>
}

/**
 * A sluice.yaml that says what was detected, each with its reason: the plan with it is the plan without it. What is
 * often added stands in it as a comment.
 */
export function starterFile(plan: Plan): string {
  const { install, build, migrate, reload, healthPath } = plan
  const parts = [
    ...(plan.root === '' ? [] : [written({ root: plan.root })]),
    // Buildpacks take the place of both commands.
    ...(plan.packs ? [] : [command('install', install), command('build', build)].flat()),
    ...start(plan),
    ...(migrate || reload ? [written({ hooks: hooksOf(plan) }, migrate?.reason ?? reload!.reason)] : []),
    ...environment(plan),
    ...cron(plan),
    ...(healthPath === null ? [] : [written({ health: { path: healthPath } })]),
  ]
  return [heading, ...parts, offers(plan)].filter(Boolean).join('\n')
}

const heading = `# How Sluice builds and starts this service. Every key: docs/guides/sluice-yaml.md
`

/** `undefined` where nothing is run: without the key it stays detected. */
const command = (key: 'install' | 'build', planned: Plan['install']): string[] =>
  planned ? [written({ [key]: planned.command }, planned.reason)] : []

function start({ start: { command: line, reason } }: Plan): string[] {
  if (line === '') return []
  const served = /^"\$SLUICE_NODE" "\$SLUICE_STATIC_SERVER" '?(.*?)'?( --spa)?$/.exec(line)
  if (!served) return [written({ start: line }, reason)]
  const folder = served[1] === '.' ? {} : { folder: served[1]! }
  return [written({ static: { ...folder, ...(served[2] ? { spa: true } : {}) } }, reason)]
}

function hooksOf({ migrate, reload }: Plan): NonNullable<Config['hooks']> {
  const { command: run, repeatable, check } = migrate ?? {}
  const isPlain = !repeatable && !check
  return {
    ...(run === undefined
      ? {}
      : {
          migrate: isPlain
            ? run
            : { run, ...(repeatable ? { repeatable } : {}), ...(check ? { check } : {}) },
        }),
    ...(reload ? { reload: reload.command } : {}),
  }
}

/** Those for build and service alike: files of other platforms count no more beside a sluice.yaml. */
function environment(plan: Plan): string[] {
  const both = Object.entries(plan.environment).filter(
    ([name, value]) => plan.buildEnvironment[name] === value,
  )
  return both.length === 0
    ? []
    : [written({ environment: Object.fromEntries(both) }, 'plain variables; no secrets here')]
}

function cron({ cron: jobs }: Plan): string[] {
  const byName = jobs.map(({ name, schedule, command: run }) => [name, { schedule, command: run }] as const)
  return jobs.length === 0 ? [] : [written({ cron: Object.fromEntries(byName) })]
}

const written = (keys: Keys, reason?: string): string =>
  `${reason === undefined ? '' : comment(reason)}${stringify(keys, { lineWidth: 0 })}`

/** Text of the repository stays in its comment. */
const comment = (text: string): string => `# ${text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')}\n`

function offers({ migrate, healthPath, suggestions }: Plan): string {
  const hook = suggestions.find(({ reason }) => reason.endsWith('for hooks.migrate'))
  const lines = [
    ...(migrate
      ? []
      : [`hooks: {migrate: ${JSON.stringify(hook?.command ?? 'npm run migrate')}}   # once per deployment`]),
    ...(healthPath === null ? ['health: {path: /healthz}   # must answer 2xx before it goes live'] : []),
    'requires: [SECRET_KEY]   # variables that must be set',
  ]
  return lines.map(comment).join('')
}
