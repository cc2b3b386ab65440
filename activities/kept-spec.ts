import type { ReleaseRef } from '../contract/workflows.ts'
import type { Ports } from '../ports/index.ts'
import type { LiveRelease } from '../ports/releases.ts'
import type { InstanceSpec } from '../ports/runtime.ts'

const stampOf = (number: number) => `spec-${number}`

/** Under which it is sealed. */
const contextOf = (instance: string) => `${instance}/spec`

/**
 * Keeps what an instance runs as beside its release, sealed as the store's secrets are: after a reboot the host can
 * bring it back before the store answers.
 */
export async function keepSpec(
  { releases, secrets }: Pick<Ports, 'releases' | 'secrets'>,
  release: ReleaseRef,
  spec: InstanceSpec,
): Promise<void> {
  const sealed = secrets.seal(JSON.stringify(spec), contextOf(spec.id))
  await releases.stamp(release, stampOf(release.number), { sealed })
}

/** Undefined when none was kept. @throws Error when it cannot be opened */
export async function keptSpec(
  { releases, secrets }: Pick<Ports, 'releases' | 'secrets'>,
  { serviceId, environment }: Pick<ReleaseRef, 'serviceId' | 'environment'>,
  { number, releaseNumber, instance }: LiveRelease,
): Promise<InstanceSpec | undefined> {
  // The deployment's id is no part of where stamps lie.
  const release = { serviceId, environment, number, releaseNumber, deploymentId: '' }
  const kept = await releases.stampOf<{ sealed: string }>(release, stampOf(number))
  return kept && (JSON.parse(secrets.open(kept.sealed, contextOf(instance))) as InstanceSpec)
}
