import { isWeb, parseInstanceId } from '../contract/instance-id.ts'
import { releaseId } from '../contract/names.ts'
import { defaults } from '../contract/defaults.ts'
import type { DeployInput, StepReport } from '../contract/workflows.ts'
import type { Ports } from '../ports/index.ts'
import { neededCommits } from '../ports/needed-code.ts'
import { instanceId } from './candidate.ts'
import { crashPoint } from './crash-point.ts'
import { asStep } from './step.ts'

/** Drains and stops what this deployment replaced, then prunes old releases. Safe to repeat at any point. */
export const retireOldReleases = (
  ports: Pick<Ports, 'router' | 'runtime' | 'releases' | 'store' | 'jobs' | 'archives'>,
) =>
  asStep('cleanup', ports, async (input, signal): Promise<StepReport> => {
    const { serviceId, environment } = input
    const retired = await retireInstances(ports, input, signal)
    await ports.jobs.discard(`${instanceId(input)}/`)
    const row = await ports.store.environments.find(serviceId, environment)
    const keep = row?.config.keepReleases ?? defaults.keepReleases
    const pruned = (await isOvertaken(ports, input))
      ? []
      : await ports.releases.prune(serviceId, environment, keep, [input.releaseNumber])
    await ports.store.releases.gone(pruned.map((number) => releaseId(serviceId, environment, number)))
    await ports.archives.prune(serviceId, await neededCommits(ports.store, serviceId))
    return { detail: summary(retired, pruned.length) }
  })

/** Then the newer deployment retires and prunes, for it knows what is in use. */
async function isOvertaken({ releases }: Pick<Ports, 'releases'>, input: DeployInput): Promise<boolean> {
  return (await releases.live(input.serviceId, input.environment))?.number !== input.number
}

/** Drains and stops the processes of all that came before; answers how many. */
export async function retireInstances(
  { router, runtime, releases, store }: Pick<Ports, 'router' | 'runtime' | 'releases' | 'store'>,
  input: DeployInput,
  signal: AbortSignal,
): Promise<number> {
  const { serviceId, environment } = input
  const live = await releases.live(serviceId, environment)
  // A newer deployment retires this one's predecessors; this one must not touch what is live.
  if (live?.number !== input.number) return 0
  const release = await store.releases.find(releaseId(serviceId, environment, input.releaseNumber))
  const drainMs = release?.plan.drainMs ?? defaults.drain
  await crashPoint('chosen', input)
  // Only what came before: this attempt may be a late one, and a newer deployment under way or even live.
  const known = await runtime.list(`${serviceId}/${environment}/`)
  const old = known.filter(({ id }) => numberOf(id) < input.number)
  await Promise.all(
    old.map(async ({ id }) => {
      if (isWeb(id)) await router.drain(id, drainMs, signal)
      await crashPoint('drained', input)
      await runtime.stop(id, drainMs)
    }),
  )
  return old.filter(({ id }) => isWeb(id)).length
}

/** The deployment whose processes these are. */
const numberOf = (instance: string): number => parseInstanceId(instance)!.number

function summary(retired: number, pruned: number): string {
  const parts = [
    retired > 0 ? `${retired} old release${retired > 1 ? 's' : ''} drained and stopped` : 'nothing to retire',
    ...(pruned > 0 ? [`${pruned} pruned`] : []),
  ]
  return parts.join(', ')
}
