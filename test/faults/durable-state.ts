import path from 'node:path'
import { createDurable, writeDurable } from '../../adapters/files/durable.ts'
import { detachedJobs } from '../../adapters/jobs/detached/index.ts'
import { folderReleases } from '../../adapters/releases/folders/index.ts'
import { keyFileSecrets } from '../../adapters/secrets/key-file/index.ts'
import { gitSource } from '../../adapters/source/git/index.ts'
import type { ReleaseRef } from '../../contract/workflows.ts'
import { emptyBook } from '../../router/route-book.ts'
import { stateFile } from '../../router/state-file.ts'

/**
 * What the agent and the router make durable in one deployment, as a program that a test can kill at any system call:
 * durable-state.ts HOME REPOSITORY COMMIT NUMBER. Each line of its output names what it has acknowledged.
 */
const [home = '', repository = '', commit = '', number = '1'] = process.argv.slice(2)
const users = { userOf: async () => null }
const release: ReleaseRef = {
  serviceId: 'shop',
  environment: 'production',
  number: Number(number),
  deploymentId: `shop.production.${number}`,
  releaseNumber: Number(number),
}
const acknowledge = (what: string) => process.stdout.write(`${what}\n`)

const releases = await folderReleases({ directory: path.join(home, 'environments'), users })
const source = gitSource({
  mirrors: path.join(home, 'mirrors'),
  sourceRoots: [path.dirname(repository)],
  privateHosts: [],
})
const from = { serviceId: 'shop', url: repository, credentials: null }
const wanted = { number: release.number, releaseNumber: release.number, instance: `i/${number}`, port: 20_000 }

await keyFileSecrets(path.join(home, 'secrets', 'keys.json'))
acknowledge('key')

if (!(await releases.stampOf(release, 'source'))) {
  await source.resolve(from, commit)
  await source.export(from, commit, await releases.create(release))
  await releases.handOver(release)
  await releases.keep(release)
  await releases.stamp(release, 'source', { commit })
}
acknowledge('source')

const jobs = detachedJobs({ directory: path.join(home, 'jobs'), users })
const result = await jobs.run(
  {
    id: `shop/production/${number}/build`,
    command: 'echo built > built',
    directory: releases.directory(release),
    environment: { PATH: process.env['PATH']! },
    serviceId: 'shop',
    environmentName: 'production',
    timeoutMs: 60_000,
    repeatable: true,
  },
  { signal: new AbortController().signal, output: { from: 0, write: async () => {} } },
)
if (result.outcome !== 'exited' || result.exitCode !== 0) throw new Error(JSON.stringify(result))
acknowledge('build')

const router = stateFile(path.join(home, 'router', 'routes.json'))
await router.load()
const target = { instance: wanted.instance, host: '127.0.0.1', port: wanted.port }
const fence = { deployment: release.number, revision: 0 }
const route = { route: 'shop/production', hosts: ['shop.localhost'], fence, target, changedAt: '2026-01-01' }
await router.save({ ...emptyBook, routes: { 'shop/production': route } } as never)
acknowledge('route')

await releases.setLive('shop', 'production', fence, wanted)
acknowledge('live')

// The two ways of writing that all other files of truth go through.
await writeDurable(path.join(home, 'replaced'), number)
await createDurable(path.join(home, `created-${number}`), number)
acknowledge('files')
