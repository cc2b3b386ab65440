import semver from 'semver'
import type { Folder } from '../folder.ts'
import { lockfilesOf } from './lockfiles.ts'
import type { ManagerName } from './lockfiles.ts'
import { pnpmVersionFor, yarnVersionFor } from './lockfile-versions.ts'
import type { PackageJson } from './package-json.ts'

export interface ManagerChoice {
  name: ManagerName
  /** Exact, a range, or null for whatever the host has (npm and bun only). */
  version: string | null
  lockfile: string | undefined
  reason: string
  warnings: string[]
}

const names: readonly string[] = ['npm', 'pnpm', 'yarn', 'bun']
const isManager = (name: string): name is ManagerName => names.includes(name)

/** Which package manager, and which version of it. `folder` is the one that holds the lockfile. */
export function chooseManager(folder: Folder, manifest: PackageJson): ManagerChoice {
  const warnings: string[] = []
  const pin = pinOf(manifest, warnings)
  const found = lockfilesOf(folder)
  const managers = [...new Set(found.map(({ manager }) => manager))]
  const hinted = hintOf(folder, managers)
  const name =
    (managers.length > 1 ? undefined : managers[0]) ?? ambiguous() ?? pin?.name ?? hintOf(folder) ?? 'npm'
  const lockfile = found.find(({ manager }) => manager === name)?.file

  function ambiguous(): ManagerName | undefined {
    if (managers.length < 2) return undefined
    const pinned = pin && managers.includes(pin.name) ? pin.name : undefined
    const winner = pinned ?? hinted ?? managers[0]!
    const why = pinned
      ? `${pin!.where} names it`
      : hinted
        ? 'its settings file is there'
        : 'of yarn, pnpm, bun and npm the first one found counts'
    warnings.push(
      `Lockfiles of several package managers (${found.map(({ file }) => file).join(', ')}): ${winner} is used, since ${why}. Remove the others.`,
    )
    return winner
  }

  if (pin && pin.name !== name) {
    warnings.push(`${pin.where} names ${pin.name}, but only ${lockfile} is there: ${name} is used.`)
  }
  const range = pin?.name === name ? pin.version : validRange(manifest.engines.get(name))
  const version = versionFor(name, range, folder, warnings)
  const why = pin?.name === name ? pin.where : (lockfile ?? 'package.json')
  return {
    name,
    version,
    lockfile,
    reason: `${why} asks for ${name}${version ? ` ${version}` : ''}`,
    warnings,
  }
}

function versionFor(
  name: ManagerName,
  range: string | undefined,
  folder: Folder,
  warnings: string[],
): string | null {
  if (range !== undefined && semver.valid(range)) return range
  if (name === 'npm' || name === 'bun') return range ?? null
  const usual = name === 'pnpm' ? pnpmVersionFor(folder, warnings) : yarnVersionFor(folder)
  return range === undefined || semver.satisfies(usual, range) ? usual : range
}

interface ManagerPin {
  where: string
  name: ManagerName
  version: string | undefined
}

function pinOf({ packageManager, devEngines }: PackageJson, warnings: string[]): ManagerPin | undefined {
  if (packageManager !== undefined) {
    // `pnpm@9.15.9+sha512.abc…`; the hash is of the tarball and npm checks its own.
    const match = /^([a-z]{1,8})@([0-9A-Za-z.-]{1,64})(?:\+[0-9A-Za-z.+=/-]{0,200})?$/.exec(
      packageManager.trim(),
    )
    if (match && isManager(match[1]!) && semver.valid(match[2])) {
      return { where: 'packageManager', name: match[1], version: match[2]! }
    }
    warnings.push(
      `packageManager "${packageManager.slice(0, 60)}" is not npm, pnpm, yarn or bun with an exact version: it was left out.`,
    )
  }
  const wanted = devEngines.packageManager
  if (!wanted || !isManager(wanted.name)) return undefined
  return { where: 'devEngines.packageManager', name: wanted.name, version: validRange(wanted.version) }
}

/** Settings files are kept on purpose, so they tell more than a lockfile does. */
function hintOf(folder: Folder, among: readonly ManagerName[] = ['yarn', 'pnpm']): ManagerName | undefined {
  const hints = among.filter(
    (name) =>
      (name === 'yarn' && folder.has('.yarnrc.yml')) ||
      (name === 'pnpm' && folder.has('pnpm-workspace.yaml')),
  )
  return hints.length === 1 ? hints[0] : undefined
}

const validRange = (text: string | undefined): string | undefined =>
  text === undefined || text.length > 100 || semver.validRange(text) === '*'
    ? undefined
    : (semver.validRange(text) ?? undefined)
