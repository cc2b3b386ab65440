import { releaseId } from '../contract/names.ts'
import type { DeployInput } from '../contract/workflows.ts'
import type { Ports } from '../ports/index.ts'
import { instanceId } from './candidate.ts'
import { crashPoint } from './crash-point.ts'
import { asUndo } from './step.ts'

/** Undo of fetch, install and build: ends their jobs and removes the half-built release, never another one. */
export const discardRelease = (ports: Pick<Ports, 'jobs' | 'releases' | 'store'>) =>
  asUndo('discard', (input: DeployInput) => discard(ports, input))

export async function discard(
  { jobs, releases, store }: Pick<Ports, 'jobs' | 'releases' | 'store'>,
  input: DeployInput,
): Promise<void> {
  const { serviceId, environment, number, releaseNumber } = input
  await jobs.discard(`${instanceId(input)}/`)
  await crashPoint('jobs discarded', input)
  if (releaseNumber !== number) return
  await releases.discard(input)
  await crashPoint('release discarded', input)
  await store.releases.gone([releaseId(serviceId, environment, releaseNumber)])
}
