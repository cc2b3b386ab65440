import { defaultLimits, limitWords, type Limits } from '../contract/limits.ts'
import type { Plan, PlannedTree } from '../contract/plan.ts'
import type { PlannedCommand, Tool } from './detection.ts'

const mostNamed = 6

/** What is restored, and what it depends on, of the files of the source. */
function keptWords({ folders, inputs }: PlannedTree): string {
  const named =
    inputs.length > mostNamed ? [...inputs.slice(0, mostNamed), `${inputs.length - mostNamed} more`] : inputs
  return `${folders.length > 1 ? `${folders[0]} and ${folders.length - 1} more` : folders[0]}, until one of these changes: ${named.join(', ')}`
}

/** A plan in words, one line each, for `sluice plan`. */
export function explain(plan: Plan): string[] {
  return [
    `Technology: ${plan.technology}${plan.root === '' ? '' : ` in ${plan.root}`}`,
    ...plan.reasons.map((reason) => `  ${reason}`),
    '',
    ...commandLines('Install', plan.install, plan.buildTimeoutMs),
    ...(plan.tree ? [`         kept: ${keptWords(plan.tree)}`] : []),
    ...(plan.packs ? packLines(plan.packs) : commandLines('Build', plan.build, plan.buildTimeoutMs)),
    ...(plan.start.command === '' ? [`Start:   ${plan.start.reason}`] : commandLines('Start', plan.start)),
    ...commandLines('Migrate', plan.migrate, plan.migrateTimeoutMs),
    ...lostLines(plan.migrate),
    ...(plan.reload ? commandLines('Reload', plan.reload) : []),
    `Health:  ${plan.healthPath ?? 'a TCP connection'}, within ${words(plan.bootTimeoutMs)}; open requests get ${words(plan.drainMs)} at a switch${soak(plan.soakMs)}`,
    ...limitLines('Limits', plan.limits),
    ...limitLines('Limits of install, build and hooks', plan.buildLimits),
    ...section(
      'Beside web',
      Object.entries(plan.processes)
        .filter(([name]) => name !== 'web')
        .map(([name, { command }]) => `${name}: ${command}`),
    ),
    ...section(
      'At certain times',
      plan.cron.map(
        ({ name, schedule, timeZone = 'UTC', command }) => `${name}: ${schedule} ${timeZone}  ${command}`,
      ),
    ),
    ...section('Needs on the host', plan.tools.map(toolLine)),
    ...section(
      'Variables',
      Object.entries(plan.environment).map(([name, value]) => `${name}=${value}`),
    ),
    ...section('Must be set on the environment', plan.requires ?? []),
    ...section('Warnings', plan.warnings),
    ...section(
      'Suggested, never run unasked',
      plan.suggestions.flatMap(({ command, reason }) => [
        `${command} (${reason})`,
        ...lineFor(command, reason),
      ]),
    ),
  ].map(printable)
}

function commandLines(title: string, command: PlannedCommand | null, limitMs?: number): string[] {
  const label = `${title}:`.padEnd(9)
  if (!command) return [`${label}none`]
  const limit = limitMs === undefined ? '' : `, at most ${words(limitMs)}`
  return [`${label}${command.command}`, `         why: ${command.reason}${limit}`]
}

const packLines = (packs: NonNullable<Plan['packs']>): string[] =>
  packs.map(
    ({ name, ref, pin }, at) =>
      `${at === 0 ? 'Build:   ' : '         '}buildpack ${at + 1}, ${name}${ref === null ? '' : `#${ref}`}${pin === null ? '' : ` (${pin})`}`,
  )

function lostLines(migrate: Plan['migrate']): string[] {
  if (migrate?.check) return [`         should its result be lost: ${migrate.check}`]
  return migrate?.repeatable ? ['         should its result be lost: it is run again'] : []
}

/** Nothing where they are as always. */
const limitLines = (title: string, limits: Limits = defaultLimits): string[] =>
  limitWords(limits) === limitWords(defaultLimits) ? [] : [`${title}: ${limitWords(limits)}`]

const toolLine = ({ name, version, reason, fetch }: Tool): string =>
  `${name}${version === null ? '' : ` ${version}`} (${reason})` +
  (fetch ? `; ${fetch.version} is fetched from ${fetch.registry} when the host has none` : '')

/** What to write into sluice.yaml to have a suggestion run. */
function lineFor(command: string, reason: string): string[] {
  const hook = /for hooks\.(migrate|reload)$/.exec(reason)?.[1]
  return hook === undefined ? [] : [`  in sluice.yaml:  hooks: {${hook}: ${JSON.stringify(command)}}`]
}

const section = (title: string, lines: string[]): string[] =>
  lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)]

const soak = (ms: number | null): string =>
  ms === null ? '' : ms === 0 ? '; not watched after it' : `; watched for ${words(ms)} after it`

const words = (ms: number): string => (ms % 60_000 === 0 && ms > 0 ? `${ms / 60_000} min` : `${ms / 1000} s`)

/** Text of the repository must not move the cursor of the terminal or forge lines. */
const printable = (line: string): string =>
  line.replaceAll(/\p{Cc}/gu, (character) => (character === '\n' ? '⏎ ' : character === '\t' ? ' ' : '�'))
