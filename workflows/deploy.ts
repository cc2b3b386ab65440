import type { HostActivities } from '../activities/index.ts'
import type { DeployInput, DeployResult, StepReport } from '../contract/workflows.ts'
import { takesRelease } from '../contract/vocabulary.ts'
import { activitiesOn } from './activity-policies.ts'
import { awaitApproval } from './approval.ts'
import { startPipeline } from './pipeline.ts'

/** One deployment, strategy `zero-downtime`. Reads as the deploy itself; undos run last-first if a step fails. */
export async function deploy(input: DeployInput): Promise<DeployResult> {
  if (takesRelease(input.trigger)) return bringUp(input)
  const { step, pause, undo, beyondReturn, afterLive, fail, succeed } = startPipeline(input)
  const on = activitiesOn(input.host)
  try {
    await step('preflight', () => on.checkReadiness(input))
    undo(() => on.discardRelease(input))
    await step('fetch', () => on.fetchSource(input))
    await step('install', () => on.installDependencies(input))
    await step('build', () => on.buildRelease(input))
    undo(() => on.stopCandidate(input))
    await step('validate', () => on.validateCandidate(input))
    await pause(() => awaitApproval(input)) // the last moment at which nothing has happened that stays
    await step('migrate', () => on.migrateDatabase(input)) // forward-only: there is no undo
    await step('reload', () => on.reloadCandidate(input))
    undo(() => on.restoreTraffic(input))
    await beyondReturn(() => step('switch', () => goLive(on, input)))
  } catch (failure) {
    return fail(failure)
  }
  await afterLive(() => step('cleanup', () => on.retireOldReleases(input)))
  return succeed()
}

/** A rollback or a restart, of a release that is on the disk: nothing is built, nothing is migrated. */
async function bringUp(input: DeployInput): Promise<DeployResult> {
  const { step, undo, beyondReturn, afterLive, fail, succeed } = startPipeline(input)
  const on = activitiesOn(input.host)
  try {
    await step('preflight', () => on.checkReadiness(input))
    undo(() => on.stopCandidate(input))
    await step('validate', () => on.validateCandidate(input))
    undo(() => on.restoreTraffic(input))
    await beyondReturn(() => step('switch', () => goLive(on, input)))
  } catch (failure) {
    return fail(failure)
  }
  await afterLive(() => step('cleanup', () => on.retireOldReleases(input)))
  return succeed()
}

/** The old release stays warm until the new one has stood real traffic for a while. */
async function goLive(on: HostActivities, input: DeployInput): Promise<StepReport> {
  const switched = await on.switchTraffic(input)
  return switched.soakMs ? on.watchRelease(input) : switched
}
