import type { Config } from '../contract/config.ts'
import { PlanError } from '../contract/plan.ts'
import type { FileTree, Plan } from '../contract/plan.ts'
import { composePlan, mergeConfigs } from './compose.ts'
import { detect } from './detect.ts'
import { openFolder, plainPath } from './folder.ts'
import type { Folder } from './folder.ts'
import { readManifestFiles } from './manifest-files.ts'
import { configExtensions, configNames } from './node/frameworks.ts'
import { readProcfile } from './procfile.ts'
import { moduleFiles } from './python/frameworks.ts'
import { readSluiceYaml } from './sluice-yaml.ts'

const detectionFiles: ReadonlySet<string> = new Set([
  'sluice.yaml',
  'sluice.yml',
  'Procfile',
  'app.json',
  'scalingo.json',
  'cron.json',
  '.tool-versions',
  // Node, Deno
  'package.json',
  '.nvmrc',
  '.node-version',
  '.yarnrc.yml',
  'yarn.lock',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  'deno.json',
  'deno.jsonc',
  '.dvmrc',
  ...configNames.flatMap((name) => configExtensions.map((extension) => `${name}.config.${extension}`)),
  // Python
  'requirements.txt',
  'pyproject.toml',
  'Pipfile',
  'poetry.lock',
  '.python-version',
  'runtime.txt',
  'manage.py',
  'settings.py',
  '__init__.py',
  ...moduleFiles,
  // Go, Rust
  'go.mod',
  'Cargo.toml',
  'rust-toolchain',
  'rust-toolchain.toml',
  // Java
  'pom.xml',
  'build.gradle',
  'build.gradle.kts',
  'settings.gradle',
  'settings.gradle.kts',
  'system.properties',
  '.java-version',
  // PHP, Ruby, Elixir
  'composer.json',
  '.php-version',
  'Gemfile',
  '.ruby-version',
  'mix.exs',
  '.elixir-version',
])

/** Whether detectors need the text of this file. At any depth: `root` may name any folder. */
export const isDetectionFile = (path: string): boolean =>
  detectionFiles.has(path.slice(path.lastIndexOf('/') + 1)) && !`/${path}`.includes('/node_modules/')

/**
 * How a tree is built and started, with the reason for each choice.
 * What counts, strongest first: `config` (the environment's own), sluice.yaml, Procfile (start and migrate only),
 * files of other platforms where there is no sluice.yaml, detectors.
 * @throws PlanError NoPlan when nothing says how to start it, ConfigInvalid when sluice.yaml does not fit.
 */
export function plan(tree: FileTree, config: Config = {}): Plan {
  const top = openFolder(tree)
  const own = config.root === undefined ? undefined : openRoot(top, config.root)
  // Several services of one repository each keep a sluice.yaml in their own folder.
  const written = (own && readSluiceYaml(own)) ?? readSluiceYaml(top)
  const merged = mergeConfigs(written?.config, config)
  const folder = merged.root === undefined ? top : openRoot(top, merged.root)
  const procfile = readProcfile(folder)
  const detection = detect(folder)
  const warnings = [...(written?.warnings ?? []), ...nameWarnings(folder)]
  return composePlan({
    folder,
    merged,
    own: config,
    file: written?.file ?? 'sluice.yaml',
    procfile,
    detection,
    manifests: written ? undefined : readManifestFiles(folder),
    warnings,
  })
}

function openRoot(top: Folder, root: string): Folder {
  const path = plainPath(root)
  if (top.hasFolder(path)) return top.at(path)
  throw new PlanError('ConfigInvalid', `root names the folder ${path}, which the source does not have`, [
    { pointer: '/root', message: 'no such folder in the source' },
  ])
}

function nameWarnings(folder: Folder): string[] {
  if (folder.has('Procfile')) return []
  const near = folder.first('procfile', 'ProcFile', 'PROCFILE', 'Procfile.txt')
  return near === undefined ? [] : [`${near} is not read: the file must be called Procfile.`]
}
