import { Client } from '@temporalio/client'
import { NativeConnection, Worker } from '@temporalio/worker'
import { httpCourier } from '../adapters/courier/http/index.ts'
import { keyFileSecrets } from '../adapters/secrets/key-file/index.ts'
import { postgresStore } from '../adapters/store/postgres/index.ts'
import { temporalCron } from '../adapters/temporal/cron.ts'
import { temporalRuns } from '../adapters/temporal/runs.ts'
import { temporalSchedules } from '../adapters/temporal/schedules.ts'
import { temporalConfig, whenListening } from '../adapters/temporal/connect.ts'
import { createControlActivities } from '../activities/index.ts'
import { controlQueue } from '../contract/names.ts'
import { homePaths, readSettings } from '../contract/settings.ts'
import { archiveOld } from './archive-old.ts'
import { workflowBundle } from './bundle.ts'
import { temporalDeployments } from './deployments.ts'
import { temporalEnqueue } from './enqueue.ts'
import { keepCron } from './keep-cron.ts'
import { keepSchedules } from './keep-schedules.ts'
import { startLog } from './log.ts'
import { startNotifying } from './notify.ts'
import { identityOf, runPart } from './part.ts'
import { wakeLanes } from './wake-lanes.ts'
import { wakeRuns } from './wake-runs.ts'
import { ensureSearchAttributes } from './search-attributes.ts'

/** The composition root of the worker: workflows, and the activities that touch only the store. */
const settings = readSettings()
const log = startLog('worker', settings.logLevel)
if (!settings.databaseUrl) throw new Error('DATABASE_URL is not set: `sluice up` sets it for its parts')

const temporal = temporalConfig(`127.0.0.1:${settings.temporalPort}`)
const bundling = workflowBundle(homePaths(settings.home).bundles)
const [store, secrets] = await Promise.all([
  postgresStore({
    databaseUrl: settings.databaseUrl,
    temporalUiUrl: settings.temporalUiUrl,
    temporalNamespace: temporal.namespace,
  }),
  keyFileSecrets(homePaths(settings.home).keys),
  whenListening(temporal.address, new AbortController().signal),
])
const connection = await NativeConnection.connect(temporal.connectionOptions)
const client = new Client({ connection, namespace: temporal.namespace })
await ensureSearchAttributes(connection, temporal.namespace)

const worker = await Worker.create({
  connection,
  namespace: temporal.namespace,
  identity: identityOf('worker'),
  taskQueue: controlQueue,
  workflowBundle: await bundling,
  activities: createControlActivities({
    store,
    secrets,
    courier: httpCourier({ privateHosts: settings.privateHosts }),
    deployments: temporalDeployments(client),
    enqueue: temporalEnqueue(client),
    routerPort: settings.routerPort,
  }),
  // A worker that was killed keeps its sticky queue for this long (10 s by default).
  stickyQueueScheduleToStartTimeout: '2s',
  maxHeartbeatThrottleInterval: '500ms',
  shutdownGraceTime: 0,
  shutdownForceTime: '5s',
})
const stopNotifying = startNotifying({ client, store, log })
const stopWaking = wakeLanes({ client, store, log })
const stopWakingRuns = wakeRuns({ client, runs: temporalRuns(client), store, log })
const stopKeeping = keepSchedules({ store, schedules: temporalSchedules(client), log })
const stopCron = keepCron({ store, cron: temporalCron(client), log })
const stopArchiving = archiveOld({ store, log, days: settings.archiveAfterDays })
await runPart(worker, log, 'worker')
stopWaking()
stopWakingRuns()
stopNotifying()
stopKeeping()
stopCron()
stopArchiving()
await Promise.allSettled([store.close(), connection.close()])
process.exit(0)
