import { shellWord } from '../detection.ts'
import type { PlannedCommand } from '../detection.ts'
import { plainPath } from '../folder.ts'
import type { Folder } from '../folder.ts'
import { serveStatic } from '../static.ts'
import { devServerIn } from './dev-servers.ts'
import type { Framework } from './frameworks.ts'
import type { PackageJson } from './package-json.ts'
import type { PackageManager } from './package-manager.ts'

export interface StartChoice {
  start: PlannedCommand | null
  noStart?: string
  warnings: string[]
}

interface Project {
  folder: Folder
  manifest: PackageJson
  manager: PackageManager
  framework: Framework | undefined
  builds: boolean
}

/** In the order of the field: the `start` script, `main`, a file of the usual name, what the framework needs. */
export function chooseStart(project: Project): StartChoice {
  const { manifest, manager, framework } = project
  const script = manifest.scripts.get('start')
  if (script === undefined) return fromFiles(project)
  const warnings = scriptWarnings(script)
  const dev = devServerIn(script)
  if (dev !== undefined && framework && framework.outcome.kind !== 'unknown') {
    const start = startOf(framework, manager)!
    return {
      start,
      warnings: [...warnings, `The start script runs "${dev}", a server for development: it is not used.`],
    }
  }
  if (dev !== undefined) warnings.push(`The start script runs "${dev}", a server for development.`)
  const byNpm = manager.choice.name !== 'npm' && manager.runAtBoot('start').startsWith('npm ')
  const reason = `the start script of package.json${byNpm ? `; npm runs it, so that a boot never waits for a download of ${manager.choice.name}` : ''}`
  return { start: { command: manager.runAtBoot('start'), reason }, warnings }
}

function fromFiles({ folder, manifest, manager, framework, builds }: Project): StartChoice {
  const main = manifest.main === undefined ? undefined : plainPath(manifest.main)
  const mainFile = main && folder.first(main, `${main}.js`, `${main}.mjs`, `${main}.cjs`, `${main}/index.js`)
  if (mainFile) return { start: runFile(main, 'main of package.json'), warnings: [] }
  const usual = folder.first(
    'index.js',
    'server.js',
    'app.js',
    'index.mjs',
    'server.mjs',
    'app.mjs',
    'index.cjs',
    'server.cjs',
    'app.cjs',
  )
  if (usual)
    return { start: runFile(usual, `${usual}, since package.json has no start script`), warnings: [] }
  const start = framework && startOf(framework, manager)
  if (start) return { start, warnings: [] }
  if (main && builds)
    return { start: runFile(main, 'main of package.json, which the build should bring'), warnings: [] }
  const noStart =
    framework?.outcome.kind === 'unknown'
      ? framework.outcome.why
      : main
        ? `main of package.json names ${main.slice(0, 100)}, which does not exist`
        : 'package.json has no start script, no main, and there is no index.js, server.js or app.js'
  return { start: null, noStart, warnings: [] }
}

function startOf(framework: Framework, manager: PackageManager): PlannedCommand | undefined {
  const { name, outcome } = framework
  switch (outcome.kind) {
    case 'program':
      return {
        command: `${manager.exec(outcome.program)}${outcome.rest}`,
        reason: `${name} serves its build this way`,
      }
    case 'file':
      return runFile(outcome.path, `${name} builds this server`)
    case 'files':
      return serveStatic(
        outcome.folder,
        outcome.spa,
        `${name} builds files into ${outcome.folder}${outcome.spa ? '; paths without a file get its index.html' : ''}`,
      )
    case 'unknown':
      return undefined
  }
}

const runFile = (path: string, reason: string): PlannedCommand => ({
  command: `node ${shellWord(path.startsWith('-') ? `./${path}` : path)}`,
  reason,
})

const migrations =
  /\b(?:prisma (?:migrate|db push)|knex migrate|drizzle-kit (?:migrate|push)|sequelize(?:-cli)? db:migrate|typeorm migration:run)/

function scriptWarnings(script: string): string[] {
  const text = script.slice(0, 4096)
  const warnings: string[] = []
  if (migrations.test(text)) {
    warnings.push(
      'The start script migrates the database at every boot: move that to hooks.migrate, which runs once per deployment.',
    )
  }
  if (/\bnodemon\b/.test(text))
    warnings.push('The start script runs nodemon, which is meant for development.')
  return warnings
}
