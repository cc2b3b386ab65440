import type { TeardownInput } from '../contract/workflows.ts'
import { activitiesOn } from './activity-policies.ts'

/** Removes what an environment that is being deleted has on its host: route, processes, folders. */
export async function teardown(input: TeardownInput): Promise<void> {
  await activitiesOn(input.host).removeEnvironment(input)
}
