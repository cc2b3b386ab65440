import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { lstat, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { CliError } from './cli-error.ts'

const run = promisify(execFile)

/** Beside what `.gitignore` files say. Never worth an upload, and made anew by the build. */
const neverSent = ['.git', 'node_modules', '.venv', '__pycache__', '.DS_Store']

/**
 * The files of a folder that are deployed: what git would take from it, committed or not. Where it is in no git
 * repository, what `.gitignore` and `.sluiceignore` say is left out all the same; git does the reading.
 * @returns paths relative to the folder
 */
export async function workingTree(folder: string): Promise<string[]> {
  const inRepository = await git(folder, ['rev-parse', '--is-inside-work-tree']).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw gitMissing()
    return ''
  })
  const listed =
    inRepository.trim() === 'true'
      ? await git(folder, ['ls-files', '-coz', '--exclude-standard'])
      : await listedAlone(folder)
  const paths = [...new Set(listed.split('\0').filter(Boolean))]
  const present = await Promise.all(paths.map(async (one) => ((await isSent(folder, one)) ? [one] : [])))
  const files = present.flat()
  if (files.length === 0) throw new CliError(`There is no file to deploy in ${folder}.`)
  return files
}

/** A repository that exists for this one question. */
async function listedAlone(folder: string): Promise<string> {
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'sluice-list-'))
  try {
    await git(scratch, ['init', '--quiet', '--bare', scratch])
    const ownList = path.join(folder, '.sluiceignore')
    return await git(folder, [
      `--git-dir=${scratch}`,
      `--work-tree=${folder}`,
      ...['ls-files', '-oz', '--exclude-per-directory=.gitignore'],
      ...neverSent.flatMap((name) => ['-x', name]),
      ...(existsSync(ownList) ? ['-X', ownList] : []),
    ])
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** A file that was deleted is still listed, and a submodule is listed as a folder. */
async function isSent(folder: string, file: string): Promise<boolean> {
  const there = await lstat(path.join(folder, file)).catch(() => undefined)
  return there !== undefined && !there.isDirectory()
}

/** Nothing that the folder's own configuration names is run. */
async function git(folder: string, args: string[]): Promise<string> {
  const fixed = ['-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null']
  const { stdout } = await run('git', [...fixed, ...args], { cwd: folder, maxBuffer: 256 * 1024 ** 2 })
  return stdout
}

const gitMissing = () =>
  new CliError('git is not installed, which reads what a folder ignores.', {
    next: 'Install git, or make an archive yourself and give it with --archive.',
  })
