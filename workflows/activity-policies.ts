import { ActivityCancellationType, proxyActivities, type ActivityOptions } from '@temporalio/workflow'
import type { ControlActivities, HostActivities, RunActivities } from '../activities/index.ts'
import { hostQueue } from '../contract/names.ts'

/**
 * An expected failure is thrown as non-retryable; what is retried here is an outage: about 100 s of it.
 * A bug does not go away by trying again.
 */
const outage: ActivityOptions['retry'] = {
  initialInterval: '200ms',
  backoffCoefficient: 1.7,
  maximumInterval: '5s',
  maximumAttempts: 25,
  nonRetryableErrorTypes: ['TypeError', 'ReferenceError', 'RangeError', 'SyntaxError'],
}

const base = {
  // TRY_CANCEL would start the undo while the step still runs.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  // Every activity heartbeats by itself; a killed agent is noticed after this long.
  heartbeatTimeout: '10s',
  retry: outage,
} satisfies ActivityOptions

const quick = { ...base, startToCloseTimeout: '2m' } satisfies ActivityOptions

/** Fails fast on a dead host, before anything was changed. */
const first = { ...quick, scheduleToStartTimeout: '30s' } satisfies ActivityOptions

/** Runs commands, whose own time-outs are shorter than this. Jobs make a retry attach instead of starting over. */
const patient = { ...base, startToCloseTimeout: '3h' } satisfies ActivityOptions

/** An undo has to work even after a longer outage. */
const stubborn = {
  ...base,
  startToCloseTimeout: '5m',
  scheduleToCloseTimeout: '30m',
  retry: { ...outage, maximumAttempts: 200 },
} satisfies ActivityOptions

/** A run's own time-out is shorter. */
const unending = {
  ...base,
  startToCloseTimeout: '26h',
  retry: { ...outage, maximumAttempts: Number.POSITIVE_INFINITY },
} satisfies ActivityOptions

/** To give up is to ask a person what has become of the database: rather wait through a longer outage. */
const once = { ...patient, retry: { ...outage, maximumAttempts: 200 } } satisfies ActivityOptions

type Named = keyof HostActivities

/** The activities of one host, each with its time-outs, its retries and its line in Temporal's web UI. */
export function activitiesOn(host: string): HostActivities {
  const on = <Name extends Named>(
    name: Name,
    options: ActivityOptions,
    summary: string,
  ): HostActivities[Name] =>
    proxyActivities<HostActivities>({ ...options, taskQueue: hostQueue(host), summary })[name]
  return {
    checkReadiness: on('checkReadiness', first, 'Check that everything needed is there'),
    fetchSource: on('fetchSource', patient, 'Resolve the ref and export its tree'),
    installDependencies: on('installDependencies', patient, 'Install dependencies'),
    buildRelease: on('buildRelease', patient, 'Build'),
    validateCandidate: on('validateCandidate', patient, 'Boot the candidate and check it'),
    migrateDatabase: on('migrateDatabase', once, 'Run the migration hook, at most once'),
    reloadCandidate: on('reloadCandidate', patient, 'Rebuild caches and check the candidate again'),
    switchTraffic: on('switchTraffic', quick, 'Send traffic to the candidate'),
    watchRelease: on('watchRelease', patient, 'Watch the new release, and send traffic back if it dies'),
    retireOldReleases: on('retireOldReleases', patient, 'Drain and stop the old release, prune'),
    discardRelease: on('discardRelease', stubborn, 'Undo: discard the half-built release'),
    stopCandidate: on('stopCandidate', stubborn, 'Undo: stop the candidate'),
    restoreTraffic: on('restoreTraffic', stubborn, 'Undo: send traffic back'),
    settleTerminated: on('settleTerminated', stubborn, 'Clear up after a terminated deployment'),
    removeEnvironment: on('removeEnvironment', stubborn, 'Stop and remove everything of the environment'),
  }
}

/** Runs that nobody begins with are given up soon; one that has begun is attended to its end, however long that takes. */
export function runsOn(host: string): RunActivities {
  const taskQueue = hostQueue(host)
  const on = (options: ActivityOptions, summary: string) =>
    proxyActivities<RunActivities>({ ...options, taskQueue, summary })
  return {
    beginRun: on(first, 'Take the run up').beginRun,
    attendRun: on(unending, 'Run the command, once').attendRun,
    clearRun: on(stubborn, 'End what is left of it').clearRun,
  }
}

/** Activities of the worker itself, on the workflow's own queue: they touch only the store and Temporal. */
export const control = proxyActivities<ControlActivities>({
  ...stubborn,
  scheduleToCloseTimeout: '24h',
  startToCloseTimeout: '24h',
  retry: { ...outage, maximumAttempts: Number.POSITIVE_INFINITY },
})
