import type { Detector, PlannedCommand } from './detection.ts'
import { suggestMigrations } from './node/migrations.ts'
import { frameworkOf } from './node/frameworks.ts'
import type { Framework } from './node/frameworks.ts'
import { installFolder } from './node/lockfiles.ts'
import { nodeTool } from './node/node-version.ts'
import { packageManagerOf } from './node/package-manager.ts'
import type { PackageManager } from './node/package-manager.ts'
import { readPackageJson } from './node/package-json.ts'
import type { PackageJson } from './node/package-json.ts'
import { chooseStart } from './node/start.ts'
import { nodeTree } from './node/tree.ts'

/** Node: a package.json, whatever package manager and framework. */
export const node: Detector = {
  technology: 'node',
  detect(folder) {
    const manifest = readPackageJson(folder)
    if (!manifest) return undefined
    const workspace = installFolder(folder)
    const top = workspace.root === folder.root ? manifest : (readPackageJson(workspace) ?? manifest)
    const manager = packageManagerOf(folder, workspace, manifest, top)
    const framework = frameworkOf(folder, manifest)
    const build = buildOf(manifest, manager, framework)
    const { start, noStart, warnings } = chooseStart({
      folder,
      manifest,
      manager,
      framework,
      builds: build !== null,
    })
    const { tree, noTree } = nodeTree(workspace, manager)
    const nodeVersion = nodeTool(folder, manifest, workspace)
    return {
      technology: 'node',
      reasons: [
        'package.json: a Node project',
        manager.choice.reason,
        ...(framework ? [`${framework.name} is a dependency`] : []),
        ...(manager.install
          ? []
          : ['package.json has no dependencies and there is no lockfile: nothing to install']),
        ...(noTree === undefined ? [] : [`packages are installed anew in each deployment: ${noTree}`]),
        ...(build ? [] : ['package.json has no build script: nothing to build']),
      ],
      warnings: [...manager.warnings, ...nodeVersion.warnings, ...warnings, ...generatorWarnings(manifest)],
      install: manager.install,
      ...(tree ? { tree } : {}),
      build,
      start,
      ...(noStart === undefined ? {} : { noStart }),
      tools: [nodeVersion.tool, ...manager.tools],
      path: ['node_modules/.bin'],
      environment: { NODE_ENV: 'production' },
      // `npm install` inside a build script would leave devDependencies out under NODE_ENV=production.
      buildEnvironment: { CI: 'true', NODE_ENV: 'production', npm_config_include: 'dev' },
      suggestions: suggestMigrations(folder, manifest, manager),
    }
  },
}

function buildOf(
  manifest: PackageJson,
  manager: PackageManager,
  framework: Framework | undefined,
): PlannedCommand | null {
  if (manifest.scripts.has('build'))
    return { command: manager.run('build'), reason: 'the build script of package.json' }
  // With a start script of its own a project knows what it needs.
  if (!framework || manifest.scripts.has('start')) return null
  return {
    command: manager.exec(framework.build),
    reason: `${framework.name} has to be built and there is no build script`,
  }
}

function generatorWarnings({ dependencies, scripts }: PackageJson): string[] {
  if (!dependencies.has('@prisma/client')) return []
  const generates = [...scripts.values()].some(
    (text) => text.includes('prisma generate') || text.includes('prisma db push'),
  )
  return generates
    ? []
    : [
        'No script runs "prisma generate", and newer versions of Prisma do not run it by themselves: add it to the build script.',
      ]
}
