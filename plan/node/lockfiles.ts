import { ancestors } from '../folder.ts'
import type { Folder } from '../folder.ts'
import { readPackageJson } from './package-json.ts'

export type ManagerName = 'npm' | 'pnpm' | 'yarn' | 'bun'

/**
 * Strongest first. package-lock.json comes last because a stray `npm install` leaves one behind in projects
 * of the other managers; nobody gets another manager's lockfile by accident.
 */
export const lockfiles: readonly { manager: ManagerName; file: string }[] = [
  { manager: 'yarn', file: 'yarn.lock' },
  { manager: 'pnpm', file: 'pnpm-lock.yaml' },
  { manager: 'bun', file: 'bun.lock' },
  { manager: 'bun', file: 'bun.lockb' },
  { manager: 'npm', file: 'npm-shrinkwrap.json' },
  { manager: 'npm', file: 'package-lock.json' },
]

export const lockfilesOf = (folder: Folder): readonly (typeof lockfiles)[number][] =>
  lockfiles.filter(({ file }) => folder.has(file))

/** Where packages are installed: the folder itself, or the workspace above it that holds the lockfile. */
export function installFolder(folder: Folder): Folder {
  if (lockfilesOf(folder).length > 0) return folder
  for (const above of ancestors(folder.root)) {
    const candidate = folder.at(above)
    if (lockfilesOf(candidate).length === 0) continue
    if (candidate.has('pnpm-workspace.yaml') || readPackageJson(candidate)?.workspaces === true)
      return candidate
  }
  return folder
}
