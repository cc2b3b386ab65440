import { webInstance } from '../contract/instance-id.ts'
import type { ReleaseRef } from '../contract/workflows.ts'
import type { Ports } from '../ports/index.ts'
import type { LiveRelease } from '../ports/releases.ts'
import type { InstanceSpec } from '../ports/runtime.ts'

const webStamp = (number: number) => `spec-${number}`
const workersStamp = (number: number) => `workers-${number}`

/** Under which it is sealed. */
const contextOf = (instance: string) => `${instance}/spec`
const workersContextOf = (instance: string) => `${instance}/workers`

type KeptPorts = Pick<Ports, 'releases' | 'secrets'>
type Owner = Pick<ReleaseRef, 'serviceId' | 'environment'>

/** What is beside web: the names for everybody, what they run as sealed. */
interface KeptWorkers {
  names: string[]
  sealed: string
}

/**
 * Keeps what an instance runs as beside its release, sealed as the store's secrets are: after a reboot the host can
 * bring it back before the store answers.
 */
export async function keepSpec(
  { releases, secrets }: KeptPorts,
  release: ReleaseRef,
  spec: InstanceSpec,
): Promise<void> {
  const sealed = secrets.seal(JSON.stringify(spec), contextOf(spec.id))
  await releases.stamp(release, webStamp(release.number), { sealed })
}

/** The same for the processes beside web; written before the first of them starts. */
export async function keepWorkerSpecs(
  { releases, secrets }: KeptPorts,
  release: ReleaseRef,
  specs: InstanceSpec[],
): Promise<void> {
  const names = specs.map(({ id }) => id.split('/').at(-1)!)
  const sealed = secrets.seal(JSON.stringify(specs), workersContextOf(webInstance(specs[0]!.id)))
  await releases.stamp(release, workersStamp(release.number), { names, sealed } satisfies KeptWorkers)
}

/** Undefined when none was kept. @throws Error when it cannot be opened */
export async function keptSpec(
  { releases, secrets }: KeptPorts,
  of: Owner,
  live: LiveRelease,
  id = live.instance,
): Promise<InstanceSpec | undefined> {
  if (id !== live.instance) return keptWorkerSpec({ releases, secrets }, of, live, id)
  const kept = await releases.stampOf<{ sealed: string }>(releaseOf(of, live), webStamp(live.number))
  return kept && (JSON.parse(secrets.open(kept.sealed, contextOf(id))) as InstanceSpec)
}

async function keptWorkerSpec(
  { releases, secrets }: KeptPorts,
  of: Owner,
  live: LiveRelease,
  id: string,
): Promise<InstanceSpec | undefined> {
  const kept = await releases.stampOf<KeptWorkers>(releaseOf(of, live), workersStamp(live.number))
  if (!kept) return undefined
  const specs = JSON.parse(secrets.open(kept.sealed, workersContextOf(live.instance))) as InstanceSpec[]
  return specs.find((spec) => spec.id === id)
}

/** Names of the processes that should run beside a live one. */
export async function keptWorkers(
  { releases }: Pick<Ports, 'releases'>,
  of: Owner,
  live: LiveRelease,
): Promise<string[]> {
  const kept = await releases.stampOf<KeptWorkers>(releaseOf(of, live), workersStamp(live.number))
  return kept?.names ?? []
}

/** The deployment's id is no part of where stamps lie. */
const releaseOf = (
  { serviceId, environment }: Owner,
  { number, releaseNumber }: LiveRelease,
): ReleaseRef => ({
  serviceId,
  environment,
  number,
  releaseNumber,
  deploymentId: '',
})
