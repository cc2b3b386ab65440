import type { EnvironmentRow } from '../ports/store.ts'
import type { AppDeps } from './deps.ts'
import { Refusal } from './refusal.ts'

/**
 * Takes an environment away: its lane, what its host has of it, then its rows. Safe to repeat: the rows go last.
 * @throws Refusal DeploymentRunning. @throws LanesUnavailable
 */
export async function removeEnvironment(
  deps: Pick<AppDeps, 'store' | 'lanes' | 'schedules'>,
  row: EnvironmentRow,
): Promise<void> {
  const { store, lanes, schedules } = deps
  const { serviceId, environment, host } = row
  for (const schedule of await store.schedules.list(serviceId, environment)) await schedules.remove(schedule)
  const lastNumber = await store.environments.lastNumber(serviceId, environment)
  if (lastNumber > 0) {
    await lanes.forget(serviceId, environment)
    // One may have been accepted since the first look; without its lane no other can follow.
    await requireIdle(deps, { serviceId, environment })
    await lanes.teardown({ serviceId, environment, host, number: lastNumber })
  }
  await store.environments.remove(serviceId, environment)
}

/** @throws Refusal DeploymentRunning */
export async function requireIdle(
  { store }: Pick<AppDeps, 'store'>,
  filter: { serviceId: string; environment?: string },
): Promise<void> {
  for (const status of ['RUNNING', 'WAITING_APPROVAL', 'QUEUED'] as const) {
    const { data } = await store.deployments.list({ ...filter, status, includeArchived: true, limit: 1 })
    const [first] = data
    if (first) {
      throw new Refusal(
        409,
        'DeploymentRunning',
        `${first.id} has not ended. Cancel it or wait for it, then delete again.`,
      )
    }
  }
}
