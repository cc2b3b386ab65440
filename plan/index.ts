import type { Config } from '../contract/config.ts'
import { PlanError } from '../contract/plan.ts'
import type { FileTree, Plan } from '../contract/plan.ts'
import { packDetection } from './buildpacks/index.ts'
import { choosePacks, type PackCredentials, type Variables } from './buildpacks/choice.ts'
export { packVariables } from './buildpacks/choice.ts'
import { composePlan, mergeConfigs } from './compose.ts'
import { detect } from './detect.ts'
import { openFolder, plainPath } from './folder.ts'
import type { Folder } from './folder.ts'
import { readManifestFiles } from './manifest-files.ts'
import { configExtensions, configNames } from './node/frameworks.ts'
import { isPrismaSchema } from './node/tree.ts'
import { readProcfile } from './procfile.ts'
import { moduleFiles } from './python/frameworks.ts'
import { readSluiceYaml } from './sluice-yaml.ts'

const detectionFiles: ReadonlySet<string> = new Set([
  'sluice.yaml',
  'sluice.yml',
  'Procfile',
  '.buildpacks',
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
  (detectionFiles.has(path.slice(path.lastIndexOf('/') + 1)) || isPrismaSchema(path)) &&
  !`/${path}`.includes('/node_modules/')

/**
 * How a tree is built and started, with the reason for each choice.
 * What counts, strongest first: `config` (the environment's own), sluice.yaml, Procfile (start and migrate only),
 * BUILDPACK_URL and BUILDPACK_NAME of the variables, `.buildpacks`, files of other platforms where there is no
 * sluice.yaml, detectors.
 * @throws PlanError NoPlan when nothing says how to start it, ConfigInvalid when sluice.yaml does not fit,
 * PackNotDetected when a buildpack of Sluice's own that was asked for does not recognise the folder.
 */
export function plan(tree: FileTree, config: Config = {}, variables: Variables = {}): Plan {
  return planWithCredentials(tree, config, variables).plan
}

/** Also the credentials of the plan's buildpacks, in their order: they have no place in a plan, which is shown. */
export function planWithCredentials(
  tree: FileTree,
  config: Config,
  variables: Variables,
): { plan: Plan; credentials: (PackCredentials | null)[] } {
  const top = openFolder(tree)
  const projectFolder = variables['PROJECT_DIR']?.trim() || undefined
  const ownRoot = config.root ?? projectFolder
  const own = ownRoot === undefined ? undefined : openRoot(top, ownRoot)
  // Several services of one repository each keep a sluice.yaml in their own folder.
  const written = (own && readSluiceYaml(own)) ?? readSluiceYaml(top)
  const merged = mergeConfigs(written?.config, config)
  const root = merged.root ?? projectFolder ?? merged.environment?.['PROJECT_DIR']
  const folder = root === undefined ? top : openRoot(top, root)
  const procfile = readProcfile(folder)
  const file = written?.file ?? 'sluice.yaml'
  const chosen = choosePacks({ top, folder, config: merged, file }, variables)
  const usesPacks = chosen !== undefined && merged.build === undefined
  const detection = usesPacks ? packDetection(folder, chosen) : detect(folder)
  const warnings = [
    ...(written?.warnings ?? []),
    ...nameWarnings(folder),
    ...(chosen && !usesPacks ? [`${chosen[0]!.reason} is not used, since build is configured.`] : []),
  ]
  const composed = composePlan({
    folder,
    merged,
    own: config,
    file,
    procfile,
    detection,
    manifests: written ? undefined : readManifestFiles(folder),
    warnings,
  })
  return {
    plan: composed,
    credentials: usesPacks ? chosen.map(({ credentials }) => credentials) : [],
  }
}

function openRoot(top: Folder, root: string): Folder {
  const path = plainPath(root)
  if (path === '' || (top.hasFolder(path) && !path.split('/').includes('..'))) return top.at(path)
  throw new PlanError('ConfigInvalid', `root names the folder ${path}, which the source does not have`, [
    { pointer: '/root', message: 'no such folder in the source' },
  ])
}

function nameWarnings(folder: Folder): string[] {
  if (folder.has('Procfile')) return []
  const near = folder.first('procfile', 'ProcFile', 'PROCFILE', 'Procfile.txt')
  return near === undefined ? [] : [`${near} is not read: the file must be called Procfile.`]
}
