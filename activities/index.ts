import type { Courier } from '../ports/courier.ts'
import type { Ports } from '../ports/index.ts'
import { attendRun, beginRun, clearRun } from './attend-run.ts'
import { checkReadiness } from './check-readiness.ts'
import { fetchSource } from './fetch-source.ts'
import { installDependencies } from './install-dependencies.ts'
import { buildRelease } from './build-release.ts'
import { validateCandidate } from './validate-candidate.ts'
import { migrateDatabase } from './migrate-database.ts'
import { reloadCandidate } from './reload-candidate.ts'
import { switchTraffic } from './switch-traffic.ts'
import { watchRelease } from './watch-release.ts'
import { restoreTraffic } from './restore-traffic.ts'
import { retireOldReleases } from './retire-old-releases.ts'
import { discardRelease } from './discard-release.ts'
import { stopCandidate } from './stop-candidate.ts'
import { settleTerminated } from './settle-terminated.ts'
import { removeEnvironment } from './remove-environment.ts'
import {
  recordApproval,
  recordCanceledInQueue,
  recordOutcome,
  recordQueued,
  recordSuperseded,
} from './record-deployment.ts'
import { recoverLane } from './recover-lane.ts'
import { deliverNotification, giveUpNotification } from './deliver-notification.ts'
import { beginCronRun } from './begin-cron-run.ts'
import { endRun } from './end-run.ts'
import { deployOnSchedule, type Enqueue } from './deploy-on-schedule.ts'
import { awaitDeployment, type Deployments } from './await-deployment.ts'

/** What an agent does on its host. `soakMs`: how long a release is watched after its switch unless its plan says. */
export const createActivities = (ports: Ports, host: { soakMs: number }) => ({
  checkReadiness: checkReadiness(ports),
  fetchSource: fetchSource(ports),
  installDependencies: installDependencies(ports),
  buildRelease: buildRelease(ports),
  validateCandidate: validateCandidate(ports),
  migrateDatabase: migrateDatabase(ports),
  reloadCandidate: reloadCandidate(ports),
  switchTraffic: switchTraffic(ports, host),
  watchRelease: watchRelease(ports, host),
  retireOldReleases: retireOldReleases(ports),
  discardRelease: discardRelease(ports),
  stopCandidate: stopCandidate(ports),
  restoreTraffic: restoreTraffic(ports),
  settleTerminated: settleTerminated(ports),
  removeEnvironment: removeEnvironment(ports),
})
export type HostActivities = ReturnType<typeof createActivities>

/** Commands in live releases, beside the deployments. */
export const createRunActivities = (ports: Ports) => ({
  beginRun: beginRun(ports),
  attendRun: attendRun(ports),
  clearRun: clearRun(ports),
})
export type RunActivities = ReturnType<typeof createRunActivities>

/** What the worker does: only the store, Temporal, and messages to the outside. */
export const createControlActivities = (
  ports: Pick<Ports, 'store' | 'secrets'> & {
    courier: Courier
    deployments: Deployments
    enqueue: Enqueue
    routerPort: number
  },
) => ({
  recordOutcome: recordOutcome(ports),
  recordQueued: recordQueued(ports),
  recordCanceledInQueue: recordCanceledInQueue(ports),
  recordSuperseded: recordSuperseded(ports),
  recordApproval: recordApproval(ports),
  recoverLane: recoverLane(ports),
  awaitDeployment: awaitDeployment(ports),
  deliverNotification: deliverNotification(ports),
  giveUpNotification: giveUpNotification(ports),
  deployOnSchedule: deployOnSchedule(ports),
  endRun: endRun(ports),
  beginCronRun: beginCronRun(ports),
})
export type ControlActivities = ReturnType<typeof createControlActivities>
