import { once } from 'node:events'
import { hostname } from 'node:os'
import { createAdaptorServer } from '@hono/node-server'
import { Client } from '@temporalio/client'
import { pino } from 'pino'
import { hostPrograms } from '../adapters/builder/native/host-programs.ts'
import { thisHost } from '../adapters/host/index.ts'
import { hostReadiness } from '../adapters/readiness/index.ts'
import { gitRepositories } from '../adapters/repositories/git/index.ts'
import { embeddedRouter } from '../adapters/router/embedded/index.ts'
import { keyFileSecrets } from '../adapters/secrets/key-file/index.ts'
import { archiveSource } from '../adapters/source/archive/index.ts'
import { eitherSource } from '../adapters/source/either.ts'
import { gitSource } from '../adapters/source/git/index.ts'
import { postgresStore } from '../adapters/store/postgres/index.ts'
import { temporalConfig } from '../adapters/temporal/connect.ts'
import { temporalRuns } from '../adapters/temporal/runs.ts'
import { temporalSchedules } from '../adapters/temporal/schedules.ts'
import { temporalTaskQueues } from '../adapters/temporal/task-queues.ts'
import { lazyConnection } from '../adapters/temporal/lazy-connection.ts'
import { homePaths, readSettings } from '../contract/settings.ts'
import { secretUrlOf } from '../ports/archive-urls.ts'
import { dashboardBundle } from '../web/bundle.ts'
import { dashboard } from '../web/index.ts'
import { createApp } from './app.ts'
import { planAt } from './routes/plan.ts'
import { redeemSignInLink } from './sign-in-links.ts'
import { stopWithParent } from './stop-with-parent.ts'
import { temporalLanes } from './temporal-lanes.ts'
import { readToken } from './token.ts'

/** The composition root of the API server. */
const settings = readSettings()
const log = pino({
  level: settings.logLevel,
  base: { part: 'server' },
  timestamp: pino.stdTimeFunctions.isoTime,
  redact: ['*.authorization', 'headers.authorization', 'err.config'],
})
if (!settings.databaseUrl) throw new Error('DATABASE_URL is not set: `sluice up` sets it for its parts')

const paths = homePaths(settings.home)
const sourceRoots = [...settings.sourceRoots, paths.examples]
const temporal = temporalConfig(`127.0.0.1:${settings.temporalPort}`)
const [store, secrets, token] = await Promise.all([
  postgresStore({
    databaseUrl: settings.databaseUrl,
    temporalUiUrl: settings.temporalUiUrl,
    temporalNamespace: temporal.namespace,
    patience: 3_000,
    // Nobody else can listen there, so whoever held a key under this name before is gone.
    holder: `${hostname()}:${settings.apiPort}`,
  }),
  keyFileSecrets(paths.keys),
  readToken(settings),
])
const { privateHosts, caFile } = settings
const archives = archiveSource({
  ...{ directory: paths.archives, limit: settings.archiveLimit, privateHosts, caFile },
  secretUrl: secretUrlOf({ store, secrets }),
})
const { mirrors, repositories } = paths
const git = gitSource({ mirrors, repositories, sourceRoots, privateHosts, caFile })
const source = eitherSource({ git, archive: archives })
// Lazy: what only reads works while Temporal is down.
const connection = lazyConnection(temporal.connectionOptions)
const client = new Client({ connection, namespace: temporal.namespace })
const stopping = new AbortController()

const router = embeddedRouter({ socketPath: paths.routerSocket })
const now = () => new Date()
const bundle = Promise.withResolvers<Awaited<ReturnType<typeof dashboardBundle>>>()

const app = createApp({
  store,
  secrets,
  source,
  archives,
  repositories: gitRepositories({
    directory: repositories,
    failed: (serviceId, said) => log.warn({ serviceId, said }, 'git ended a request with an error'),
  }),
  readiness: hostReadiness({
    ...{ store, secrets, source },
    // Where this is no host with a router, or it restarts, the deployment's own preflight asks again.
    router: { list: () => router.list().catch(() => []) },
    ...{ home: settings.home, leastFree: settings.leastFree },
    programs: {
      planOf: async (target, repository, commit, signal) => {
        const row = await store.environments.find(target.serviceId, target.environment)
        const environment = { ...target, config: row?.config ?? {} }
        return planAt({ source, store, secrets }, repository, environment, commit, signal)
      },
      unmet: hostPrograms(),
      // Somebody waits for the answer; the deployment looks again.
      patience: 3_000,
    },
  }),
  lanes: temporalLanes({ client }),
  schedules: temporalSchedules(client),
  taskQueues: temporalTaskQueues(client),
  thisHost: thisHost(settings),
  runs: temporalRuns(client),
  settings: { ...settings, sourceRoots },
  token,
  log,
  now,
  stopping: stopping.signal,
  dashboard: dashboard({
    ...{ bundle: bundle.promise, seal: secrets, url: settings.url, now },
    redeem: redeemSignInLink({ store, secrets, now }),
  }),
})

// The standard five minutes would end an upload over a slow line; who may send a body has shown a token by then.
const server = createAdaptorServer({ fetch: app.fetch, serverOptions: { requestTimeout: 60 * 60_000 } })
server.listen(settings.apiPort, settings.apiAddress)
await once(server, 'listening')
await store.idempotency
  .abandon()
  .catch((error: unknown) => log.warn({ err: error }, 'old claims stay for a minute'))
log.info(
  { pid: process.pid, address: settings.apiAddress, port: settings.apiPort, url: settings.url },
  'ready',
)

// After the API, which nobody shall wait for because of pages.
const bundledFrom = performance.now()
dashboardBundle(paths.bundles).then(
  (made) => {
    bundle.resolve(made)
    log.info({ ms: Math.round(performance.now() - bundledFrom) }, 'the dashboard is ready')
  },
  (error: unknown) => {
    bundle.reject(error)
    log.error({ err: error }, 'the dashboard cannot be shown')
  },
)
bundle.promise.catch(() => {})

await stopWithParent(server, stopping)
await Promise.allSettled([store.close(), connection.close()])
process.exit(0)
