import type { Finding } from '../../contract/deployment.ts'
import { finding } from './findings.ts'
import type { HostReadinessOptions } from './options.ts'
import { isRollback, type Target } from './target.ts'

/** While nobody knows whether the last migration took effect, to run the hook now could be a second run of it. */
export async function migrationFindings(
  { store }: Pick<HostReadinessOptions, 'store'>,
  target: Target,
): Promise<Finding[]> {
  // It migrates nothing, and may be what the visitors need now.
  if (isRollback(target)) return []
  const last = await store.deployments.lastMigration(target.serviceId, target.environment)
  if (!last?.outcomeUnknown || last.resolved) return []
  const message = `The migration of ${last.deploymentId} was started, and nobody knows whether it took effect. Look in the database, then say it.`
  const fix = `sluice resolve ${last.deploymentId} --migrated`
  return [{ ...finding('MigrationUnresolved', message, fix), link: `/deployments/${last.deploymentId}` }]
}
