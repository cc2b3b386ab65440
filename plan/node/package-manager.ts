import semver from 'semver'
import { parse } from 'yaml'
import { shellWord } from '../detection.ts'
import type { PlannedCommand, Tool } from '../detection.ts'
import { plainPath } from '../folder.ts'
import type { Folder } from '../folder.ts'
import { isBerry } from './lockfile-versions.ts'
import { chooseManager } from './manager-choice.ts'
import type { ManagerChoice } from './manager-choice.ts'
import type { PackageJson } from './package-json.ts'

/** How the chosen package manager is called. Measured with npm 11, pnpm 8 to 10, yarn 1 and 4, without Corepack. */
export interface PackageManager {
  choice: ManagerChoice
  install: PlannedCommand | null
  /** Plug'n'Play: there is no node_modules. */
  plugAndPlay: boolean
  /** Runs a script of package.json while building. */
  run(script: string): string
  /** The same at boot, where nothing may be downloaded. */
  runAtBoot(script: string): string
  /** Runs a program that a dependency brought. */
  exec(program: string): string
  tools: Tool[]
  warnings: string[]
}

/** What is fetched where no version is pinned and the host has none. */
const usualBun = '1.4.5'

interface Way {
  /** Calls the manager itself. */
  cli: string
  install: string
  /** Plug'n'Play has no node_modules: only yarn itself can start programs. */
  plugAndPlay?: boolean
}

export function packageManagerOf(
  folder: Folder,
  workspace: Folder,
  manifest: PackageJson,
  top: PackageJson,
): PackageManager {
  const choice = chooseManager(workspace, top)
  const way = wayOf(choice, workspace, top, folder.root === workspace.root)
  const onlyScripts = choice.lockfile === undefined && manifest.dependencies.size === 0
  const warnings = [...choice.warnings]
  if (choice.lockfile === undefined && !onlyScripts) {
    warnings.push('There is no lockfile, so two deployments may get different packages: commit one.')
  }
  const strict = npmRefuses(top) || npmRefuses(manifest) ? ' --force' : ''
  const npmRun = choice.name !== 'npm' ? `npm run${strict}` : 'npm run'
  // The manager itself is fetched by npx, which the boot of a service must not depend on, so npm runs the script.
  const needsItself = (script: string) =>
    way.plugAndPlay === true ||
    choice.name === 'bun' ||
    /\b(?:pnpm|pnpx|yarn|bun)\b/.test(scriptTexts(manifest, script))
  return {
    choice,
    plugAndPlay: way.plugAndPlay === true,
    install: onlyScripts
      ? null
      : { command: inFolder(folder, workspace, way.install), reason: installReason(choice, workspace) },
    run: (script) => `${way.cli} run ${shellWord(script)}`,
    runAtBoot: (script) => (needsItself(script) ? `${way.cli} run` : npmRun) + ` ${shellWord(script)}`,
    exec: (program) =>
      way.plugAndPlay
        ? `${way.cli} run ${program}`
        : choice.name === 'bun'
          ? `bun run ${program}`
          : `npx${strict} --no ${program}`,
    tools: toolsOf(choice),
    warnings,
  }
}

function wayOf(choice: ManagerChoice, workspace: Folder, top: PackageJson, here: boolean): Way {
  const { name, version } = choice
  const locked = choice.lockfile !== undefined
  // `--force` only makes npx itself run where devEngines names another manager.
  const npx = `npx --yes --prefer-offline${npmRefuses(top) ? ' --force' : ''}`
  if (name === 'npm') {
    const cli = isExact(version) ? `${npx} npm@${version}` : 'npm'
    return { cli, install: `${cli} ${locked ? 'ci' : 'install'} --include=dev --no-audit --no-fund` }
  }
  if (name === 'bun') return { cli: 'bun', install: `bun install${locked ? ' --frozen-lockfile' : ''}` }
  if (name === 'pnpm') {
    const cli = `${npx} ${shellWord(`pnpm@${version}`)}`
    return {
      cli,
      install: `${cli} install ${locked ? '--frozen-lockfile' : '--no-frozen-lockfile'} --prod=false`,
    }
  }
  if (!isBerry(version!)) {
    const cli = `${npx} ${shellWord(`yarn@${version}`)}`
    return { cli, install: `${cli} install${locked ? ' --frozen-lockfile' : ''} --production=false` }
  }
  const settings = yarnSettings(workspace)
  const cli =
    (here ? settings.release : undefined) ??
    `${npx} --package ${shellWord(`@yarnpkg/cli-dist@${version}`)} -- yarn`
  return {
    cli,
    install: `${cli} install ${locked ? '--immutable' : '--no-immutable'}`,
    plugAndPlay: settings.plugAndPlay,
  }
}

/** npm ends with EBADDEVENGINES where devEngines names another manager, even as npx. */
const npmRefuses = ({ devEngines: { packageManager } }: PackageJson): boolean =>
  packageManager !== undefined &&
  packageManager.name !== 'npm' &&
  packageManager.onFail !== 'warn' &&
  packageManager.onFail !== 'ignore'

/** A release of yarn that the repository carries (`yarnPath`) needs no download. */
function yarnSettings(workspace: Folder): { release: string | undefined; plugAndPlay: boolean } {
  let settings: unknown
  try {
    // The parser takes seconds for what is nested deeply.
    settings = parse((workspace.text('.yarnrc.yml') ?? '').slice(0, 16 * 1024), {
      maxAliasCount: 10,
      logLevel: 'silent',
    })
  } catch {
    // Yarn will say what is wrong with its own settings.
  }
  const { yarnPath, nodeLinker } = (
    typeof settings === 'object' && settings !== null ? settings : {}
  ) as Record<string, unknown>
  const release = typeof yarnPath === 'string' ? plainPath(yarnPath) : ''
  const carried = release !== '' && workspace.has(release)
  return {
    release: carried ? `node ${shellWord(`./${release}`)}` : undefined,
    plugAndPlay: nodeLinker === undefined || nodeLinker === 'pnp',
  }
}

const isExact = (version: string | null): boolean => version !== null && semver.valid(version) !== null

const scriptTexts = (manifest: PackageJson, script: string): string =>
  [`pre${script}`, script, `post${script}`].map((name) => manifest.scripts.get(name) ?? '').join('\n')

function inFolder(folder: Folder, workspace: Folder, command: string): string {
  if (folder.root === workspace.root) return command
  const above = workspace.root === '' ? 0 : workspace.root.split('/').length
  const up = Array.from({ length: folder.root.split('/').length - above }, () => '..').join('/')
  return `cd ${up} && ${command}`
}

function installReason(choice: ManagerChoice, workspace: Folder): string {
  const where = workspace.root === '' ? '' : ` in ${workspace.root}`
  return choice.lockfile === undefined
    ? `package.json has dependencies and there is no lockfile${where}`
    : `${choice.lockfile}${where}; devDependencies are included because the build may need them`
}

function toolsOf({ name, version, reason }: ManagerChoice): Tool[] {
  if (name === 'bun') {
    const exact = isExact(version) ? version! : usualBun
    return [{ name: 'bun', version, reason, fetch: { registry: 'npm', package: 'bun', version: exact } }]
  }
  if (name === 'npm' && !isExact(version)) return [{ name: 'npm', version, reason }]
  return [{ name: 'npm', version: null, reason: `${reason}; npx fetches it from the registry` }]
}
