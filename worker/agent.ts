import { NativeConnection, Worker } from '@temporalio/worker'
import { createActivities, createRunActivities } from '../activities/index.ts'
import { postgresStore } from '../adapters/store/postgres/index.ts'
import { temporalConfig, whenListening } from '../adapters/temporal/connect.ts'
import { hostQueue } from '../contract/names.ts'
import { readSettings } from '../contract/settings.ts'
import { hostAlone, hostPorts, hostProcesses } from './host-ports.ts'
import { keepCachesBounded } from './keep-caches-bounded.ts'
import { startLog } from './log.ts'
import { haltAll, restoreLive, restoreUnderWay, watchInstances } from './instances.ts'
import { identityOf, runPart } from './part.ts'
import { keepReconciled } from './reconcile/index.ts'
import { reportProcesses } from './report-processes.ts'

/** The composition root of a host's agent: only activities, those that touch this host. */
const settings = readSettings()
const log = startLog('agent', settings.logLevel)

if (process.argv.includes('--stop-all')) {
  await haltAll(hostProcesses(settings), log)
  process.exit(0)
}

if (!settings.databaseUrl) throw new Error('DATABASE_URL is not set: `sluice up` sets it for its parts')
const temporal = temporalConfig(`127.0.0.1:${settings.temporalPort}`)
const host = await hostAlone(settings)
const stopWatching = watchInstances(host.runtime, log)

// Services come back whether or not PostgreSQL and Temporal do.
await restoreLive(host, log)
const store = await postgresStore({ databaseUrl: settings.databaseUrl })
const ports = hostPorts(settings, host, store)
await restoreUnderWay(ports, log)
const stopReconciling = keepReconciled(ports, log)
const stopReporting = reportProcesses(ports, log)
const stopBounding = keepCachesBounded(settings, log)

await whenListening(temporal.address, new AbortController().signal)
const connection = await NativeConnection.connect(temporal.connectionOptions)
const worker = await Worker.create({
  connection,
  namespace: temporal.namespace,
  identity: identityOf('agent'),
  taskQueue: hostQueue(settings.host),
  activities: { ...createActivities(ports, settings), ...createRunActivities(ports) },
  // A drain holds its place for as long as half a minute.
  maxConcurrentActivityTaskExecutions: 100,
  maxHeartbeatThrottleInterval: '500ms',
  shutdownGraceTime: 0,
  shutdownForceTime: '5s',
})
await runPart(worker, log, 'agent')
stopWatching()
stopReconciling()
stopReporting()
stopBounding()
await Promise.allSettled([store.close(), connection.close()])
process.exit(0)
