import { randomBytes } from 'node:crypto'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { serviceIdSchema } from '../../../contract/service.ts'
import { NothingPushed, type PushedRepositories } from '../../../ports/pushed-repositories.ts'
import { syncDirectory } from '../../files/durable.ts'
import { prepareEnvironment, type GitEnvironment } from '../../source/git/environment.ts'
import { timeouts } from '../../source/git/options.ts'
import { runGit } from '../../source/git/run.ts'
import { runBackend, type Backend } from './backend.ts'
import { configOptions } from './config.ts'
import { writeHooks } from './hooks.ts'

export interface PushedRepositoriesOptions {
  /** Folder of the repositories; made when absent, readable by Sluice's own user only. */
  directory: string
  /** Told what git said when a request failed. */
  failed?: (serviceId: string, said: string) => void
}

/** Bare repositories in a folder, served by git itself (`git http-backend`). */
export function gitRepositories({ directory, failed }: PushedRepositoriesOptions): PushedRepositories {
  let preparing: Promise<Prepared> | undefined
  const prepared = () =>
    (preparing ??= prepare(directory).catch((error: unknown) => {
      preparing = undefined
      throw error
    }))

  return {
    async serve(request, push) {
      const { environment, hooks } = await prepared()
      const { serviceId, service } = request
      const folder = repositoryFolder(directory, serviceId)
      if (service === 'git-receive-pack') await makeUnlessThere(environment, folder)
      else if (!(await isThere(folder)))
        throw new NothingPushed(`Nothing has been pushed to ${serviceId} yet.`)
      const backend: Backend = {
        config: configOptions(hooks),
        environment: environment.offline,
        repositories: directory,
        failed: (said) => failed?.(serviceId, said),
      }
      return runBackend(backend, request, push)
    },

    async head(serviceId, branch) {
      const { environment } = await prepared()
      const folder = repositoryFolder(directory, serviceId)
      if (!(await isThere(folder))) return undefined
      const found = await runGit({
        args: [...environment.fixed, `--git-dir=${folder}`, ...verify(`refs/heads/${branch}`)],
        environment: environment.offline,
        timeoutMs: timeouts.probe,
      })
      return found.code === 0 ? found.stdout.toString('latin1').trim() : undefined
    },

    async forget(serviceId) {
      const trash = path.join(directory, `.trash-${randomBytes(6).toString('hex')}`)
      await rename(repositoryFolder(directory, serviceId), trash).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
      })
      await rm(trash, { recursive: true, force: true })
    },
  }
}

interface Prepared {
  environment: GitEnvironment
  hooks: string
}

async function prepare(directory: string): Promise<Prepared> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const environment = await prepareEnvironment({ mirrors: directory, sourceRoots: [], privateHosts: [] })
  return { environment, hooks: await writeHooks(directory) }
}

/** Where the repository of a service lies; the host's own agent reads it there. */
export const repositoryFolder = (directory: string, serviceId: string): string =>
  path.join(directory, `${serviceIdSchema.parse(serviceId)}.git`)

const verify = (ref: string) => ['rev-parse', '--verify', '--quiet', '--end-of-options', ref]

const isThere = (folder: string): Promise<boolean> =>
  stat(path.join(folder, 'HEAD')).then(
    () => true,
    () => false,
  )

/** Complete before it has its name; of two that make it at once the first one's stays. */
async function makeUnlessThere(environment: GitEnvironment, folder: string): Promise<void> {
  if (await isThere(folder)) return
  const unfinished = path.join(path.dirname(folder), `.new-${randomBytes(6).toString('hex')}`)
  try {
    // No template: nobody's hooks are copied into it.
    const made = await runGit({
      args: [
        ...[...environment.fixed, 'init', '--quiet', '--bare', '--template=', '--initial-branch=main'],
        ...['--', unfinished],
      ],
      environment: environment.offline,
      timeoutMs: timeouts.local,
    })
    if (made.code !== 0) throw new Error(`The repository ${folder} could not be made: ${made.stderr}`)
    await rename(unfinished, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
    await syncDirectory(path.dirname(folder))
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}
