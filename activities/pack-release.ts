import { parse } from 'yaml'
import type { Plan } from '../contract/plan.ts'

/** What bin/release of a buildpack answers. */
export interface PackRelease {
  processes: Record<string, string>
  variables: Record<string, string>
  addons: string[]
  /** About what was left out. */
  warnings: string[]
}

/** They would change what everything on the host means to the service. */
const refused = new Set([
  'PATH',
  'LD_PRELOAD',
  'LD_LIBRARY_PATH',
  'BASH_ENV',
  'ENV',
  'IFS',
  'PORT',
  'HOST',
  'HOME',
])
const aliasLimit = 50

/** `--- {}` and nothing at all say nothing. @throws Error when it is no YAML mapping */
export function readPackRelease(text: string): PackRelease {
  const value: unknown = parse(text, { maxAliasCount: aliasLimit }) ?? {}
  if (!isMapping(value)) throw new Error('it is not a YAML mapping')
  const found: PackRelease = { processes: {}, variables: {}, addons: [], warnings: [] }
  for (const [name, command] of entriesOf(value['default_process_types'])) {
    if (/^[A-Za-z0-9_-]{1,63}$/.test(name) && command !== '') found.processes[name] = command
    else found.warnings.push(`bin/release names the process ${JSON.stringify(name)}, which was left out.`)
  }
  for (const [name, content] of entriesOf(value['config_vars'])) {
    if (/^[A-Za-z_][A-Za-z0-9_]{0,200}$/.test(name) && !refused.has(name) && !content.includes('\0'))
      found.variables[name] = content
    else
      found.warnings.push(
        `bin/release sets ${JSON.stringify(name)}, which was left out: a .profile.d script may set it.`,
      )
  }
  const { addons } = value
  if (Array.isArray(addons)) found.addons = addons.filter((one) => typeof one === 'string')
  return found
}

/**
 * The plan as it is run: what nothing else says comes from bin/release. Variables of the environment win over its own,
 * since they are laid over those of a plan.
 */
export function withPackRelease(plan: Plan, release: PackRelease | undefined): Plan {
  if (!release) return plan
  const { processes, variables, addons } = release
  const reason = 'default_process_types of bin/release'
  const planned = Object.entries(processes).map(([name, command]) => [name, { command, reason }] as const)
  const web = processes['web']
  const start = plan.start.command === '' && web !== undefined ? { command: web, reason } : plan.start
  return {
    ...plan,
    start,
    processes: {
      ...Object.fromEntries(planned.filter(([name]) => name !== 'release' && name !== 'postdeploy')),
      ...plan.processes,
      web: start,
    },
    environment: { ...variables, ...plan.environment },
    warnings: [
      ...plan.warnings,
      ...release.warnings,
      ...(addons.length > 0
        ? [`The buildpack asks for ${addons.join(', ')}: set the variables of such services yourself.`]
        : []),
    ],
  }
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function entriesOf(value: unknown): [string, string][] {
  if (!isMapping(value)) return []
  return Object.entries(value).flatMap(([name, content]): [string, string][] =>
    ['string', 'number', 'boolean'].includes(typeof content) && name !== '__proto__'
      ? [[name, String(content)]]
      : [],
  )
}
