import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { serviceIdSchema } from '../../../contract/service.ts'
import type { Repository, SourceError } from '../../../ports/source.ts'
import { entriesAt } from '../../files/entries-at.ts'
import type { GitEnvironment, GitReach } from './environment.ts'
import { MirrorDamaged, mirrorFailure } from './failure.ts'
import { takeLock, type HeldLock } from './mirror-lock.ts'
import { timeouts } from './options.ts'
import type { Remote } from './remote.ts'
import { runGit, type GitCall, type GitResult } from './run.ts'

/** The bare mirror of one service, locked for the caller. */
export interface Mirror {
  directory: string
  /** Runs git on it; any exit status is a result. With `reach` it may talk to the repository. */
  git(args: readonly string[], more?: Partial<GitCall> & { reach?: GitReach }): Promise<GitResult>
  /** As `git`, and a failure is the mirror's. @throws MirrorDamaged, SourceError DiskFull */
  read(args: readonly string[], more?: Partial<GitCall>): Promise<GitResult>
  /** What a call that reads only the mirror failed of. */
  failure(result: GitResult): SourceError
}

export interface MirrorContext {
  mirrors: string
  environment: GitEnvironment
  repository: Repository
  remote: Remote
  signal: AbortSignal | undefined
}

/** Works on the mirror alone; when it turns out to be damaged, once more on a new one. */
export async function withMirror<T>(
  context: MirrorContext,
  work: (mirror: Mirror) => Promise<T>,
): Promise<T> {
  const directory = mirrorFolder(context.mirrors, context.repository.serviceId)
  const lock = await takeLock(`${directory}.lock`, context.signal)
  const mirror = mirrorAt(directory, context, lock)
  try {
    const isNew = await prepare(mirror, context)
    try {
      return await work(mirror)
    } catch (error) {
      // A full disk gets the room of a half-received pack back at once.
      await clearLeftovers(directory)
      if (isNew || !(error instanceof MirrorDamaged)) throw error
      await remove(directory)
      await prepare(mirror, context)
      return await work(mirror)
    }
  } finally {
    await lock.release()
  }
}

/** Removes the mirror of a service. */
export async function forgetMirror(mirrors: string, serviceId: string): Promise<void> {
  const directory = mirrorFolder(mirrors, serviceId)
  const lock = await takeLock(`${directory}.lock`)
  try {
    await remove(directory)
  } finally {
    await lock.release()
  }
}

function mirrorFolder(mirrors: string, serviceId: string): string {
  return path.join(mirrors, `${serviceIdSchema.parse(serviceId)}.git`)
}

function mirrorAt(directory: string, context: MirrorContext, lock: HeldLock): Mirror {
  const { environment, signal } = context
  const git: Mirror['git'] = (args, { reach, ...more } = {}) =>
    runGit({
      timeoutMs: timeouts.local,
      signal,
      started: (pid) => lock.note(pid),
      ...more,
      environment: { ...(reach?.environment ?? environment.offline), ...more.environment },
      args: [
        ...environment.fixed,
        ...(reach?.config ?? []).flatMap((option) => ['-c', option]),
        `--git-dir=${directory}`,
        ...args,
      ],
    })
  const failure: Mirror['failure'] = (result) =>
    mirrorFailure(result, { shown: context.remote.shown, credentials: context.repository.credentials })
  return {
    directory,
    git,
    failure,
    async read(args, more) {
      const result = await git(args, more)
      if (result.code === 0 || result.ended === 'outputLimit') return result
      throw failure(result)
    },
  }
}

/** Makes the mirror when there is none, and clears what a killed git left in it. Answers whether it is new. */
async function prepare(mirror: Mirror, context: MirrorContext): Promise<boolean> {
  const { directory } = mirror
  if (await stat(path.join(directory, 'HEAD')).catch(() => undefined)) {
    await clearLeftovers(directory)
    return false
  }
  await remove(directory)
  const unfinished = `${directory}.new`
  await rm(unfinished, { recursive: true, force: true })
  // No template: nobody's hooks are copied into it.
  const made = await runGit({
    args: [...context.environment.fixed, 'init', '--quiet', '--bare', '--template=', '--', unfinished],
    environment: context.environment.offline,
    timeoutMs: timeouts.local,
    signal: context.signal,
  })
  if (made.code !== 0) throw mirror.failure(made)
  await mkdir(path.join(unfinished, 'info'), { recursive: true })
  await writeFile(path.join(unfinished, 'info', 'attributes'), plainFiles)
  await rename(unfinished, directory)
  return true
}

/**
 * Above every .gitattributes of a tree: files come out byte for byte as they were committed, with no
 * line-end conversion, `$Id$`, re-encoding or filter (LFS).
 */
const plainFiles = '* -text !eol -ident !filter !working-tree-encoding\n'

/** Aside first: a half-removed mirror is never taken for one. */
async function remove(directory: string): Promise<void> {
  const trash = `${directory}.trash`
  await rm(trash, { recursive: true, force: true })
  await rename(directory, trash).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
  await rm(trash, { recursive: true, force: true })
}

/** Lock files, half-received packs and our own index files. We hold the mirror, so nobody is using them. */
async function clearLeftovers(directory: string): Promise<void> {
  for (const folder of ['', 'refs/sluice', 'objects/pack', 'objects/info']) {
    const names = await entriesAt(path.join(directory, folder))
    for (const name of names.filter((one) => /\.lock$|^tmp_|^\.tmp-|^sluice-index/.test(one))) {
      await rm(path.join(directory, folder, name), { recursive: true, force: true })
    }
  }
}
