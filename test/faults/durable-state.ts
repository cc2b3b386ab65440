import { once } from 'node:events'
import path from 'node:path'
import { createDurable, writeDurable } from '../../adapters/files/durable.ts'
import { detachedJobs } from '../../adapters/jobs/detached/index.ts'
import { folderReleases } from '../../adapters/releases/folders/index.ts'
import { keyFileSecrets } from '../../adapters/secrets/key-file/index.ts'
import { gitSource } from '../../adapters/source/git/index.ts'
import type { ReleaseRef } from '../../contract/workflows.ts'
import { stateFile } from '../../router/state-file.ts'

export interface Deploying {
  home: string
  repository: string
  commit: string
  number: number
}

const users = { userOf: async () => null }

export const releaseOf = (number: number): ReleaseRef => ({
  serviceId: 'shop',
  environment: 'production',
  number,
  deploymentId: `shop.production.${number}`,
  releaseNumber: number,
})
export const releasesIn = (home: string) =>
  folderReleases({ directory: path.join(home, 'environments'), users })
export const routesIn = (home: string) => stateFile(path.join(home, 'router', 'routes.json'))

/** What agent and router make durable in one deployment, each told to `acknowledge` once it is. Safe to repeat. */
export async function deployDurably(
  { home, repository, commit, number }: Deploying,
  acknowledge: (what: string) => Promise<void> | void,
): Promise<void> {
  const release = releaseOf(number)
  await keyFileSecrets(path.join(home, 'secrets', 'keys.json'))
  await acknowledge('key')

  const releases = await releasesIn(home)
  if (!(await releases.stampOf(release, 'source'))) await fetch({ home, repository, commit, number })
  await acknowledge('source')

  await build(home, number, releases.directory(release))
  await acknowledge('build')

  const fence = { deployment: number, revision: 0 }
  const instance = `shop/production/${number}`
  const target = { instance, host: '127.0.0.1', port: 20_000 }
  const route = {
    route: 'shop/production',
    hosts: ['shop.localhost'],
    fence,
    target,
    changedAt: '2026-01-01',
  }
  const router = routesIn(home)
  await router.load()
  await router.save({ routes: [route], removed: [] })
  await acknowledge('route')

  await releases.setLive('shop', 'production', fence, {
    number,
    releaseNumber: number,
    instance,
    port: 20_000,
  })
  await acknowledge('live')

  // The two ways of writing that all other files of truth go through.
  await writeDurable(path.join(home, 'replaced'), String(number))
  await createDurable(path.join(home, `created-${number}`), String(number))
  await acknowledge('files')
}

async function fetch({ home, repository, commit, number }: Deploying): Promise<void> {
  const releases = await releasesIn(home)
  const roots = { sourceRoots: [path.dirname(repository)], privateHosts: [] }
  const source = gitSource({ mirrors: path.join(home, 'mirrors'), ...roots })
  const from = { serviceId: 'shop', url: repository, credentials: null }
  await source.resolve(from, commit)
  const staged = await releases.stage(releaseOf(number))
  await source.export(from, commit, staged.directory)
  await staged.publish('source', { commit })
}

async function build(home: string, number: number, directory: string): Promise<void> {
  const result = await detachedJobs({ directory: path.join(home, 'jobs'), users }).run(
    {
      id: `shop/production/${number}/build`,
      command: 'echo built > built',
      directory,
      environment: { PATH: process.env['PATH']! },
      serviceId: 'shop',
      environmentName: 'production',
      timeoutMs: 60_000,
      repeatable: true,
    },
    { signal: new AbortController().signal, output: { from: 0, write: async () => {} } },
  )
  if (result.outcome !== 'exited' || result.exitCode !== 0) throw new Error(JSON.stringify(result))
}

/**
 * As a program that can be killed at any system call: durable-state.ts JSON [wait]. It says on stdout what is
 * acknowledged; with `wait` it goes on when something comes on stdin.
 */
if (process.argv[1] === import.meta.filename) {
  await deployDurably(JSON.parse(process.argv[2]!) as Deploying, async (what) => {
    process.stdout.write(`${what}\n`)
    if (process.argv[3] === 'wait') await once(process.stdin, 'data')
  })
  process.exit(0)
}
