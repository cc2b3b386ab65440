import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { nativeBuilder } from '../adapters/builder/native/index.ts'
import { detachedJobs } from '../adapters/jobs/detached/index.ts'
import { serviceUsers, type ServiceUsers } from '../adapters/process/service-user.ts'
import { hostReadiness } from '../adapters/readiness/index.ts'
import { folderReleases } from '../adapters/releases/folders/index.ts'
import { embeddedRouter } from '../adapters/router/embedded/index.ts'
import { processRuntime } from '../adapters/runtime/process/index.ts'
import { keyFileSecrets } from '../adapters/secrets/key-file/index.ts'
import { gitSource } from '../adapters/source/git/index.ts'
import { homePaths, type Settings } from '../contract/settings.ts'
import type { Ports } from '../ports/index.ts'
import type { Runtime } from '../ports/runtime.ts'
import type { Store } from '../ports/store.ts'

const staticServer = fileURLToPath(new URL('../adapters/runtime/process/static-server.mjs', import.meta.url))

/** The adapters of one host, put together. */
export async function hostPorts(settings: Settings, store: Store): Promise<Ports> {
  const paths = homePaths(settings.home)
  const users = usersOf(settings)
  const secrets = await keyFileSecrets(paths.keys)
  const source = gitSource({
    mirrors: paths.mirrors,
    sourceRoots: [...settings.sourceRoots, paths.examples],
    privateHosts: settings.privateHosts,
    caFile: settings.caFile,
  })
  const router = embeddedRouter({ socketPath: paths.routerSocket })
  const jobs = detachedJobs({ directory: paths.jobs, users })
  const releases = await folderReleases({ directory: paths.environments, users })
  return {
    source,
    secrets,
    store,
    router,
    jobs,
    releases,
    builder: nativeBuilder({
      ...{ jobs, releases, logs: store.logs, secrets, users },
      ...{ caches: paths.caches, alsoFilled: [paths.jobs] },
    }),
    runtime: hostRuntime(settings, users),
    readiness: hostReadiness({
      ...{ store, secrets, source, router },
      ...{ home: settings.home, leastFree: settings.leastFree },
    }),
  }
}

/** What runs on this host, for `sluice down`: it needs neither the store nor Temporal. */
export function hostProcesses(settings: Settings): Pick<Ports, 'runtime' | 'jobs'> {
  const users = usersOf(settings)
  const jobs = detachedJobs({ directory: homePaths(settings.home).jobs, users })
  return { jobs, runtime: hostRuntime(settings, users) }
}

function hostRuntime(settings: Settings, users: ServiceUsers): Runtime {
  const paths = homePaths(settings.home)
  return processRuntime({
    directory: paths.instances,
    caches: paths.caches,
    toolsDirectory: paths.tools,
    ports: settings.servicePorts,
    users,
    tools: { node: process.execPath, server: staticServer },
  })
}

const usersOf = ({ home, isolation }: Settings): ServiceUsers =>
  serviceUsers({ directory: path.join(home, 'users'), isolation })
