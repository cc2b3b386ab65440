import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'

const environment = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Ada',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
}

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'sluice-source-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export interface Entry {
  mode: '100644' | '100755' | '120000' | '160000' | '100664' | '104755'
  /** Content of the file, target of the link, or the commit of a submodule. */
  content: string | Buffer
}

export interface TestRepository {
  folder: string
  git(...args: string[]): string
  /** Files of the working tree, committed on the current branch. */
  commit(files: Record<string, string>, message?: string): string
  /** Entries that a working tree could not hold, as the only content of a new commit of `branch`. */
  commitEntries(entries: Record<string, Entry>, branch?: string): string
}

export function makeRepository(folder: string): TestRepository {
  mkdirSync(folder, { recursive: true })
  const git = (...args: string[]) => runGit(folder, args)
  git('init', '--quiet', '--initial-branch=main')
  return {
    folder,
    git,
    commit(files, message = 'a change') {
      for (const [name, content] of Object.entries(files)) {
        mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
        writeFileSync(path.join(folder, name), content)
      }
      git('add', '--all')
      git('commit', '--quiet', '--allow-empty', '-m', message)
      return git('rev-parse', 'HEAD')
    },
    commitEntries(entries, branch = 'main') {
      const tree = writeTree(folder, entries)
      const sha = git('commit-tree', '-m', 'made by hand', tree)
      git('update-ref', `refs/heads/${branch}`, sha)
      return sha
    },
  }
}

/** With `mktree`, which takes names that an index refuses. */
function writeTree(folder: string, entries: Record<string, Entry>): string {
  const folders = new Map<string, Record<string, Entry>>()
  const lines: string[] = []
  for (const [name, entry] of Object.entries(entries)) {
    const slash = name.indexOf('/')
    if (slash > 0) {
      const top = name.slice(0, slash)
      folders.set(top, { ...folders.get(top), [name.slice(slash + 1)]: entry })
    } else {
      const isCommit = entry.mode === '160000'
      const object = isCommit
        ? entry.content
        : runGit(folder, ['hash-object', '-w', '--stdin'], entry.content)
      lines.push(`${entry.mode} ${isCommit ? 'commit' : 'blob'} ${String(object)}\t${name}`)
    }
  }
  for (const [top, inner] of folders) lines.push(`040000 tree ${writeTree(folder, inner)}\t${top}`)
  return runGit(folder, ['mktree', '-z', '--missing'], lines.map((line) => `${line}\0`).join(''))
}

export function runGit(folder: string, args: readonly string[], input: string | Buffer = ''): string {
  return execFileSync('git', args, { cwd: folder, env: environment, input, stdio: ['pipe', 'pipe', 'pipe'] })
    .toString('utf8')
    .trim()
}
