import { releaseId } from '../contract/names.ts'
import type { DeployInput } from '../contract/workflows.ts'
import { snapshotOf } from '../ports/opened-variables.ts'
import type { Store } from '../ports/store.ts'

/**
 * A restart runs with the variables of now, a rollback with those of the deployment that it goes back to: kept with the
 * deployment, since the release has those that it was built with. Safe to repeat: the first snapshot stays.
 */
export async function keepOwnVariables(store: Store, input: DeployInput): Promise<void> {
  const { serviceId, environment, deploymentId, releaseNumber, trigger, rollbackOf } = input
  if (trigger === 'restart') {
    const now = await store.variables.effective(serviceId, environment)
    return store.releases.runsWith(deploymentId, snapshotOf(now))
  }
  if (trigger !== 'rollback' || rollbackOf === undefined) return
  const then = await store.releases.find(releaseId(serviceId, environment, releaseNumber), rollbackOf)
  if (then?.own) await store.releases.runsWith(deploymentId, then.sealedVariables)
}
