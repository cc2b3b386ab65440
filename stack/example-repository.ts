import { execFile } from 'node:child_process'
import { cpSync, existsSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { homePaths } from '../contract/settings.ts'
import { examplesFolder } from './program.ts'

const run = promisify(execFile)

export const exampleName = 'hello'

/** The example service as a git repository in the home, where its owner may change it. Answers its folder. */
export async function exampleRepository(home: string): Promise<string> {
  const folder = path.join(homePaths(home).examples, exampleName)
  if (existsSync(folder)) return folder
  const unfinished = `${folder}.${process.pid}.tmp`
  rmSync(unfinished, { recursive: true, force: true })
  cpSync(path.join(examplesFolder, exampleName), unfinished, { recursive: true })
  await git(unfinished, 'init', '--quiet', '--initial-branch=main', '--template=')
  await git(unfinished, 'add', '--all')
  await git(unfinished, 'commit', '--quiet', '--message=The example service')
  renameSync(unfinished, folder)
  return folder
}

/** With an identity of its own and nothing of the user's configuration: hooks, signing, templates. */
async function git(folder: string, ...args: string[]): Promise<void> {
  await run('git', ['-c', 'core.hooksPath=/dev/null', '-c', 'core.fsmonitor=false', ...args], {
    cwd: folder,
    timeout: 30_000,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_TERMINAL_PROMPT: '0',
      GIT_AUTHOR_NAME: 'Sluice',
      GIT_AUTHOR_EMAIL: 'sluice@localhost',
      GIT_COMMITTER_NAME: 'Sluice',
      GIT_COMMITTER_EMAIL: 'sluice@localhost',
    },
  })
}
