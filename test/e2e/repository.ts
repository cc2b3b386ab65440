import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

export interface Repository {
  directory: string
  /** Writes files (null removes one), commits, answers the SHA. */
  commit(files: Record<string, string | null>, message?: string): string
  branch(name: string): void
}

/** A folder in which repositories lie that may be deployed. It is there once it has been asked for. */
export function repositoryRoot(): { directory: string; remove(): void } {
  let made: string | undefined
  const make = () => {
    const directory = mkdtempSync(path.join(os.tmpdir(), 'sluice-repositories-'))
    // Services of other users write into folders below it.
    chmodSync(directory, 0o711)
    return directory
  }
  return {
    get directory() {
      return (made ??= make())
    },
    remove() {
      if (made) rmSync(made, { recursive: true, force: true })
    },
  }
}

/** A real git repository made from one of `test/services`, with a first commit on main. */
export function makeRepository(root: string, name: string, fixture = 'tiny'): Repository {
  const directory = path.join(root, name)
  mkdirSync(directory)
  cpSync(path.join(import.meta.dirname, '..', 'services', fixture), directory, { recursive: true })
  const git = (...args: string[]): string =>
    execFileSync(
      'git',
      ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', '-C', directory, ...args],
      {
        encoding: 'utf8',
      },
    ).trim()
  const commitAll = (message: string) => {
    git('add', '-A')
    git('commit', '-q', '--allow-empty', '-m', message)
    return git('rev-parse', 'HEAD')
  }
  git('init', '-q', '-b', 'main')
  commitAll('first')
  return {
    directory,
    commit(files, message = 'change') {
      for (const [file, text] of Object.entries(files)) {
        if (text === null) rmSync(path.join(directory, file))
        else {
          mkdirSync(path.dirname(path.join(directory, file)), { recursive: true })
          writeFileSync(path.join(directory, file), text)
        }
      }
      return commitAll(message)
    },
    branch: (name) => void git('checkout', '-q', '-B', name),
  }
}
