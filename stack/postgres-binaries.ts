import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { homePaths } from '../contract/settings.ts'

export interface PostgresBinaries {
  /** Folder with initdb and postgres. */
  folder: string
  /** Major version. */
  major: number
  origin: 'system' | 'embedded'
}

export const dataFolder = (home: string): string => path.join(homePaths(home).postgres, 'data')

/** Newest first. */
export function systemPostgres(searchPath = process.env['PATH'] ?? ''): PostgresBinaries[] {
  return [...debianFolders(), ...searchPath.split(path.delimiter).filter(Boolean)]
    .filter(hasServer)
    .flatMap((folder) => withVersion(folder, 'system') ?? [])
    .toSorted((a, b) => b.major - a.major)
}

const debianBase = '/usr/lib/postgresql'

const debianFolders = () =>
  existsSync(debianBase)
    ? readdirSync(debianBase).map((version) => path.join(debianBase, version, 'bin'))
    : []

export function hasServer(folder: string): boolean {
  try {
    for (const name of ['initdb', 'postgres']) accessSync(path.join(folder, name), constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** undefined when the binary does not run here. */
export function withVersion(
  folder: string,
  origin: PostgresBinaries['origin'],
): PostgresBinaries | undefined {
  const debian = /\/postgresql\/(\d+)\/bin$/.exec(folder)
  if (debian) return { folder, origin, major: Number(debian[1]) }
  try {
    const answer = execFileSync(path.join(folder, 'postgres'), ['--version'], {
      encoding: 'utf8',
      timeout: 5000,
    })
    const major = / (\d+)/.exec(answer)?.[1]
    return major === undefined ? undefined : { folder, origin, major: Number(major) }
  } catch {
    return undefined
  }
}
