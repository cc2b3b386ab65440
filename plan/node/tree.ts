import type { PlannedTree } from '../../contract/plan.ts'
import type { Folder } from '../folder.ts'
import type { PackageManager } from './package-manager.ts'
import { readPackageJson } from './package-json.ts'
import type { PackageJson } from './package-json.ts'

/** What the manifests of a workspace may be, at most: a plan names each of them. */
const mostManifests = 200

/** Scripts of the project itself that run at each install. */
const installScripts = [
  'preinstall',
  'install',
  'postinstall',
  'prepublish',
  'preprepare',
  'prepare',
  'postprepare',
]

/** Of these it is known that they write below node_modules, or nothing that a deployment needs. */
const knownScript = /^(?:npx )?(?:patch-package|prisma generate|husky|husky install)(?: \|\| true)?$/

export const isPrismaSchema = (path: string): boolean => path.endsWith('.prisma')

/** Settings of the managers, beside the lockfile and the manifests. */
const settings = ['.npmrc', '.yarnrc', '.nvmrc', '.node-version', '.tool-versions', 'prisma.config.ts']

/**
 * What decides the content of node_modules; or why that is more than a list of files. pnpm and bun link from stores of
 * their own, and newer versions of Yarn keep the state of an install elsewhere too: they are left to themselves.
 */
export function nodeTree(
  workspace: Folder,
  { choice, install, plugAndPlay }: PackageManager,
): { tree?: PlannedTree; noTree?: string } {
  const { name, lockfile } = choice
  const classicYarn = name === 'yarn' && choice.version?.startsWith('1.') === true && !plugAndPlay
  if (!install || lockfile === undefined || (name !== 'npm' && !classicYarn)) return {}
  const places = manifestPlaces(workspace)
  if (places.length > mostManifests)
    return { noTree: `the workspace has more than ${mostManifests} package.json` }
  const noTree = whyNot(workspace, manifestsAt(workspace, places))
  if (noTree !== undefined) return { noTree }
  const top = workspace.root === '' ? '' : `${workspace.root}/`
  const patches = workspace.paths().filter((path) => path.startsWith('patches/'))
  const schemas = workspace.paths().filter((path) => isPrismaSchema(path) && !isInstalled(path))
  const inputs = [lockfile, ...settings.filter((file) => workspace.has(file)), ...patches, ...schemas]
  return {
    tree: {
      folders: places.map((place) => `${place === '' ? '' : `${place}/`}node_modules`),
      inputs: [
        ...places.map((place) => `${place === '' ? '' : `${place}/`}package.json`),
        ...inputs.map((file) => `${top}${file}`),
      ],
      patched: patches.length > 0,
    },
  }
}

/** Folders with a package.json, from the top of the source: that of the lockfile, and in a workspace all below it. */
function manifestPlaces(workspace: Folder): string[] {
  if (readPackageJson(workspace)?.workspaces !== true) return [workspace.root]
  const prefix = workspace.root === '' ? '' : `${workspace.root}/`
  return workspace
    .paths()
    .filter((path) => /(?:^|\/)package\.json$/.test(path) && !isInstalled(path))
    .map((path) => `${prefix}${path}`.replace(/\/?package\.json$/, ''))
}

/** Undefined when one of them cannot be read: some are of fixtures. */
function manifestsAt(workspace: Folder, places: readonly string[]): PackageJson[] | undefined {
  try {
    return places.flatMap((place) => readPackageJson(workspace.at(place)) ?? [])
  } catch {
    return undefined
  }
}

const isInstalled = (path: string): boolean => `/${path}`.includes('/node_modules/')

function whyNot(workspace: Folder, manifests: readonly PackageJson[] | undefined): string | undefined {
  if (manifests === undefined) return 'a package.json of the workspace is not valid'
  if (workspace.has('binding.gyp')) return 'binding.gyp is built by the install command'
  for (const { scripts, dependencies } of manifests) {
    const unknown = installScripts.find((name) => {
      const text = scripts.get(name)
      return text !== undefined && !knownScript.test(text.trim())
    })
    if (unknown !== undefined) return `the ${unknown} script of package.json may read and write any file`
    for (const [name, asked] of dependencies)
      if (/^(?:file|link|portal|exec):|^\.{0,2}\//.test(asked)) return `${name} is a folder of the source`
    if (dependencies.has('@prisma/client') && generatesElsewhere(workspace))
      return 'the schema of Prisma names a folder of the source for its client'
  }
  return undefined
}

const generatesElsewhere = (workspace: Folder): boolean =>
  workspace
    .paths()
    .some((path) => isPrismaSchema(path) && /^\s{0,20}output\s{0,20}=/m.test(workspace.text(path) ?? ''))
