import type { Config } from '../contract/config.ts'
import { defaults } from '../contract/defaults.ts'
import { limitsFor } from '../contract/limits.ts'
import { PlanError } from '../contract/plan.ts'
import type { Plan } from '../contract/plan.ts'
import type { Detection, PlannedCommand } from './detection.ts'
import { plainPath } from './folder.ts'
import type { Folder } from './folder.ts'
import type { ManifestFiles } from './manifest-files.ts'
import { whyNoPlan } from './no-plan.ts'
import type { Procfile } from './procfile.ts'
import { serveStatic } from './static.ts'

type Migration = NonNullable<NonNullable<Config['hooks']>['migrate']>

interface Parts {
  folder: Folder
  /** sluice.yaml under the environment's own configuration. */
  merged: Config
  /** The environment's own alone, to say where a value comes from. */
  own: Config
  /** `sluice.yaml` or `sluice.yml`. */
  file: string
  procfile: Procfile | undefined
  detection: Detection | undefined
  /** Of other platforms; undefined where a sluice.yaml speaks. */
  manifests: ManifestFiles | undefined
  warnings: string[]
}

/** The environment's own configuration wins key by key, within `processes`, `hooks` and `environment` too. */
export function mergeConfigs(file: Config | undefined, own: Config): Config {
  const merged: Config = { ...file, ...own }
  if (file?.processes && own.processes) merged.processes = { ...file.processes, ...own.processes }
  if (file?.hooks && own.hooks) merged.hooks = { ...file.hooks, ...own.hooks }
  if (file?.static && own.static) merged.static = { ...file.static, ...own.static }
  if (file?.environment && own.environment) merged.environment = { ...file.environment, ...own.environment }
  if (file?.requires && own.requires) merged.requires = [...new Set([...file.requires, ...own.requires])]
  if (file?.limits && own.limits) merged.limits = { ...file.limits, ...own.limits }
  if (file?.buildLimits && own.buildLimits) merged.buildLimits = { ...file.buildLimits, ...own.buildLimits }
  // Whoever names one way to start means to replace the other.
  if (own.static !== undefined && own.start === undefined) delete merged.start
  if (own.start !== undefined && own.static === undefined) delete merged.static
  return merged
}

/** @throws PlanError NoPlan when nothing says how to start the service. */
export function composePlan({
  folder,
  merged,
  own,
  file,
  procfile,
  detection,
  manifests,
  warnings,
}: Parts): Plan {
  const from = (where: string, ownValue: unknown) =>
    ownValue === undefined ? `${where} in ${file}` : `${where} in the configuration of the environment`
  const configured = (command: string, where: string, ownValue: unknown): PlannedCommand => ({
    command,
    reason: from(where, ownValue),
  })
  const replaced = (key: 'install' | 'build') => {
    const value = merged[key]
    if (value === undefined) return detection?.[key] ?? null
    return value === null ? null : configured(value, key, own[key])
  }
  const configuredStart =
    merged.start !== undefined
      ? configured(merged.start, 'start', own.start)
      : merged.static &&
        serveStatic(staticFolder(merged, folder), merged.static.spa ?? false, from('static', own.static))
  const start = configuredStart ?? procfile?.web ?? detection?.start
  if (!start) throw new PlanError('NoPlan', whyNoPlan(folder, detection, procfile))

  const { hooks = {} } = merged
  const install = replaced('install')
  const build = replaced('build')
  const migrate: Plan['migrate'] =
    hooks.migrate === undefined
      ? (procfile?.migrate ?? manifests?.migrate ?? null)
      : migration(hooks.migrate, from('hooks.migrate', own.hooks?.migrate))
  const reload =
    hooks.reload === undefined ? null : configured(hooks.reload, 'hooks.reload', own.hooks?.reload)
  const beside = { ...procfile?.processes }
  for (const [name, value] of Object.entries(merged.processes ?? {})) {
    if (value === null) delete beside[name]
    else beside[name] = configured(value, `processes.${name}`, own.processes?.[name])
  }
  const removed = (['install', 'build'] as const)
    .filter((key) => merged[key] === null)
    .map((key) => `no ${key} command: ${from(key, own[key])} says null`)
  return {
    technology:
      detection?.technology ?? (configuredStart ? (merged.start ? 'custom' : 'static') : 'procfile'),
    reasons: [
      ...(detection?.reasons ?? [`no known technology; ${start.reason} says how to start it`]),
      ...removed,
    ],
    warnings: [
      ...warnings,
      ...(procfile?.warnings ?? []),
      ...(manifests?.warnings ?? []),
      ...(detection?.warnings ?? []),
      ...(start === detection?.start ? (detection.startWarnings ?? []) : []),
      ...configWarnings(merged, procfile),
    ],
    root: folder.root,
    install,
    ...(detection?.tree && install === detection.install ? { tree: detection.tree } : {}),
    build,
    start,
    migrate,
    migrateTimeoutMs: merged.hookTimeout ?? defaults.hookTimeout,
    reload,
    healthPath: merged.health?.path ?? null,
    bootTimeoutMs: merged.bootTimeout ?? defaults.bootTimeout,
    drainMs: merged.drain ?? defaults.drain,
    soakMs: merged.soak ?? null,
    buildTimeoutMs: merged.buildTimeout ?? defaults.buildTimeout,
    processes: { ...beside, web: start },
    cron: [
      ...(manifests?.cron ?? []),
      ...Object.entries(merged.cron ?? {}).map(([name, { schedule, timeZone, command }]) => ({
        name,
        schedule,
        ...(timeZone === undefined ? {} : { timeZone }),
        command,
        reason: from(`cron.${name}`, own.cron),
      })),
    ],
    tools: (detection?.tools ?? []).filter(
      isUsedBy(
        [install, build, start, migrate, reload, ...Object.values(beside)]
          .concat(detection?.packs?.flatMap((pack) => [pack.install, pack.build]) ?? [])
          .map((one) => one?.command)
          .concat(migrate?.check),
      ),
    ),
    path: detection?.path ?? [],
    environment: { ...detection?.environment, ...manifests?.environment, ...merged.environment },
    ...(merged.requires ? { requires: merged.requires } : {}),
    buildEnvironment: {
      CI: 'true',
      ...detection?.buildEnvironment,
      ...manifests?.environment,
      ...merged.environment,
    },
    limits: limitsFor(merged.limits),
    buildLimits: limitsFor(merged.buildLimits),
    ...(detection?.packs ? { packs: detection.packs } : {}),
    suggestions: [...(manifests?.suggestions ?? []), ...(detection?.suggestions ?? [])].filter(
      ({ reason }) => !(migrate && reason.endsWith('for hooks.migrate')),
    ),
  }
}

/** How commands call the programs that only commands need. The language itself is needed whatever they say. */
const calls: Readonly<Record<string, RegExp>> = { npm: /\bnp[mx]\b/, bun: /\bbunx?\b/ }

/** A package manager is not asked for when other commands have taken the place of those that call it. */
const isUsedBy =
  (commands: (string | undefined)[]) =>
  ({ name }: Plan['tools'][number]): boolean => {
    const call = calls[name]
    return call === undefined || commands.some((command) => call.test(command ?? ''))
  }

function migration(hook: Migration, reason: string): Plan['migrate'] {
  if (typeof hook === 'string') return { command: hook, reason }
  const { run, repeatable, check } = hook
  return { command: run, reason, ...(repeatable ? { repeatable } : {}), ...(check ? { check } : {}) }
}

function staticFolder(merged: Config, folder: Folder): string {
  if (merged.static?.folder !== undefined) return plainPath(merged.static.folder)
  const found = folder.first('index.html', 'public/index.html', 'dist/index.html')
  // A folder that is not there yet is one that the build makes.
  return found === undefined ? 'dist' : found.slice(0, Math.max(0, found.lastIndexOf('/')))
}

function configWarnings(merged: Config, procfile: Procfile | undefined): string[] {
  const warnings: string[] = []
  if (merged.start !== undefined && merged.static)
    warnings.push('start and static are both configured: start is used.')
  if (merged.hooks?.migrate !== undefined && procfile?.migrate) {
    warnings.push(
      'The Procfile has a release: or postdeploy: line, but the configured hooks.migrate is used.',
    )
  }
  for (const name of ['PORT', 'HOST']) {
    if (merged.environment && Object.hasOwn(merged.environment, name))
      warnings.push(`environment sets ${name}, which Sluice gives itself.`)
  }
  return warnings
}
