import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { planOf } from '../activities/plan-source.ts'
import { hostPrograms } from '../adapters/builder/native/host-programs.ts'
import { nativeBuilder } from '../adapters/builder/native/index.ts'
import { detachedJobs } from '../adapters/jobs/detached/index.ts'
import { type Cgroups, hostCgroups } from '../adapters/process/cgroup/index.ts'
import { serviceUsers, type ServiceUsers } from '../adapters/process/service-user.ts'
import { hostPacks } from '../adapters/packs/host/index.ts'
import { hostReadiness } from '../adapters/readiness/index.ts'
import { folderReleases } from '../adapters/releases/folders/index.ts'
import { embeddedRouter } from '../adapters/router/embedded/index.ts'
import { processRuntime } from '../adapters/runtime/process/index.ts'
import { keyFileSecrets } from '../adapters/secrets/key-file/index.ts'
import { archiveSource } from '../adapters/source/archive/index.ts'
import { eitherSource } from '../adapters/source/either.ts'
import { gitSource } from '../adapters/source/git/index.ts'
import { homePaths, type Settings } from '../contract/settings.ts'
import { secretUrlOf } from '../ports/archive-urls.ts'
import type { Ports } from '../ports/index.ts'
import type { Runtime } from '../ports/runtime.ts'
import type { Store } from '../ports/store.ts'

const staticServer = fileURLToPath(new URL('../adapters/runtime/process/static-server.mjs', import.meta.url))

/** Milliseconds to look at the plan of a commit before anything starts. */
const preflightPatience = 20_000

/** What a host can do by itself, without the store. */
export type HostAlone = Pick<Ports, 'secrets' | 'router' | 'jobs' | 'releases' | 'runtime'>

/** The adapters of one host that need nothing but the host. */
export async function hostAlone(settings: Settings): Promise<HostAlone> {
  const paths = homePaths(settings.home)
  const users = usersOf(settings)
  const cgroups = hostCgroups(settings.home)
  return {
    secrets: await keyFileSecrets(paths.keys),
    router: embeddedRouter({ socketPath: paths.routerSocket }),
    jobs: detachedJobs({ directory: paths.jobs, users, cgroups }),
    releases: await folderReleases({
      ...{ directory: paths.environments, users },
      ...{ alsoForgotten: [paths.caches], alsoWhenEmpty: [paths.instances] },
    }),
    runtime: hostRuntime(settings, users, cgroups),
  }
}

/** All adapters of one host, put together. */
export function hostPorts(settings: Settings, host: HostAlone, store: Store): Ports {
  const paths = homePaths(settings.home)
  const { jobs, releases, secrets, router } = host
  const { privateHosts, caFile } = settings
  const sourceRoots = [...settings.sourceRoots, paths.examples]
  const archive = archiveSource({
    ...{ directory: paths.archives, limit: settings.archiveLimit, privateHosts, caFile },
    secretUrl: secretUrlOf({ store, secrets }),
  })
  const git = gitSource({
    mirrors: paths.mirrors,
    repositories: paths.repositories,
    sourceRoots,
    privateHosts,
    caFile,
  })
  const source = eitherSource({ git, archive })
  const users = usersOf(settings)
  const building = {
    ...{ jobs, releases, secrets, users },
    ...{ caches: paths.caches, toolsDirectory: paths.tools, alsoFilled: [paths.jobs] },
  }
  return {
    ...host,
    source,
    archives: archive,
    store,
    packs: hostPacks({ directory: paths.packs, sourceRoots, privateHosts, caFile }),
    builder: nativeBuilder({ ...building, logs: store.logs }),
    runner: nativeBuilder({ ...building, logs: store.runs.output }),
    readiness: hostReadiness({
      ...{ store, secrets, source, router },
      ...{ home: settings.home, leastFree: settings.leastFree },
      programs: {
        planOf: planOf({ source, store, secrets }),
        unmet: hostPrograms(users),
        patience: preflightPatience,
      },
    }),
  }
}

/** What runs on this host, for `sluice down`: it needs neither the store nor Temporal. */
export function hostProcesses(settings: Settings): Pick<Ports, 'runtime' | 'jobs'> {
  const users = usersOf(settings)
  const cgroups = hostCgroups(settings.home)
  const jobs = detachedJobs({ directory: homePaths(settings.home).jobs, users, cgroups })
  return { jobs, runtime: hostRuntime(settings, users, cgroups) }
}

function hostRuntime(settings: Settings, users: ServiceUsers, cgroups: Cgroups): Runtime {
  const paths = homePaths(settings.home)
  return processRuntime({
    directory: paths.instances,
    caches: paths.caches,
    toolsDirectory: paths.tools,
    ports: settings.servicePorts,
    users,
    cgroups,
    tools: { node: process.execPath, server: staticServer },
  })
}

const usersOf = ({ home, isolation }: Settings): ServiceUsers =>
  serviceUsers({ directory: path.join(home, 'users'), isolation })
