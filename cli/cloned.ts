import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { refSchema } from '../contract/service.ts'
import { CliError } from './cli-error.ts'
import { exitCodes } from './exit-codes.ts'

const run = promisify(execFile)

/** `https://…`, `ssh://…`, `file://…`, and `git@host:owner/name`. */
export const isRepositoryUrl = (text: string): boolean =>
  /^(?:https|ssh|file):\/\//.test(text) || /^[\w.-]+@[\w.-]+:[^/]/.test(text)

/**
 * The newest tree of a repository, as the git of this machine gets it, with the rights of whoever calls; gone once
 * `look` has ended. @throws CliError when it cannot be read
 */
export async function withClone<T>(
  url: string,
  ref: string | undefined,
  look: (folder: string) => Promise<T>,
): Promise<T> {
  if (ref !== undefined && !refSchema.safeParse(ref).success)
    throw new CliError(`${ref} is not a branch, a tag or a commit.`, { exitCode: exitCodes.usage })
  const folder = await mkdtemp(path.join(os.tmpdir(), 'sluice-plan-'))
  try {
    await git(folder, ['init', '--quiet'])
    await git(folder, ['fetch', '--quiet', '--depth=1', '--no-tags', '--', url, ref ?? 'HEAD'])
    await git(folder, ['checkout', '--quiet', 'FETCH_HEAD'])
    return await look(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Never asks for a password, which would wait for ever in a script, and follows no other kind of address. */
async function git(cwd: string, args: string[]): Promise<void> {
  const env = {
    ...process.env,
    GIT_ALLOW_PROTOCOL: 'https:ssh:file',
    GIT_TERMINAL_PROMPT: '0',
    GIT_LFS_SKIP_SMUDGE: '1',
  }
  try {
    await run('git', ['-c', 'core.hooksPath=/dev/null', ...args], { cwd, env, maxBuffer: 16 * 1024 ** 2 })
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string }
    if (code === 'ENOENT') throw new CliError('git is not installed: the repository cannot be read.')
    throw new CliError(`The repository could not be read: ${said(stderr ?? '')}`)
  }
}

/** What git says ends with what matters most; passwords in urls are left out. */
const said = (stderr: string): string =>
  stderr
    .trim()
    .split('\n')
    .slice(-3)
    .join(' ')
    .replaceAll(/\/\/[^/@\s]+@/g, '//')
