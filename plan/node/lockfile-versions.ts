import semver from 'semver'
import type { Folder } from '../folder.ts'

/** Where no version is pinned, the last release that writes the lockfile's own format: it changes nothing in it. */
const pnpmByFormat: readonly [format: string, version: string][] = [
  ['5.3', '6.35.1'],
  ['5.4', '7.33.7'],
  ['6.', '8.15.9'],
]
const pnpm9 = '9.15.9'
const pnpm10 = '10.34.9'

const yarnClassic = '1.22.22'
const yarnByMetadata: Readonly<Record<string, string>> = { 4: '2.4.2', 5: '3.1.1', 6: '3.8.7' }
const yarnBerry = '4.9.4'

export function pnpmVersionFor(folder: Folder, warnings: string[]): string {
  const format = /^lockfileVersion:[ \t]*['"]?([0-9.]{1,8})/m.exec(
    (folder.text('pnpm-lock.yaml') ?? '').slice(0, 1000),
  )?.[1]
  const known = pnpmByFormat.find(([start]) => format?.startsWith(start))
  if (known) return known[1]
  if (format !== undefined && Number(format) > 9) {
    warnings.push(
      `pnpm-lock.yaml has the format ${format}, newer than Sluice knows: pin pnpm with packageManager.`,
    )
  }
  // pnpm 9 refuses a pnpm-workspace.yaml without `packages:`; pnpm 10 keeps settings in it.
  const workspace = folder.text('pnpm-workspace.yaml')
  return workspace !== undefined && !/^packages:/m.test(workspace) ? pnpm10 : pnpm9
}

export function yarnVersionFor(folder: Folder): string {
  const lockfile = (folder.text('yarn.lock') ?? '').slice(0, 2000)
  const berry =
    lockfile.includes('__metadata:') || (!lockfile.includes('yarn lockfile v1') && folder.has('.yarnrc.yml'))
  if (!berry) return yarnClassic
  const format = /^[ \t]+version:[ \t]*(\d{1,3})/m.exec(lockfile)?.[1]
  return (
    (format !== undefined && Object.hasOwn(yarnByMetadata, format) && yarnByMetadata[format]) || yarnBerry
  )
}

/** Yarn 2 and later are another program than yarn 1, with other flags. */
export const isBerry = (version: string): boolean => (semver.minVersion(version)?.major ?? 1) >= 2
