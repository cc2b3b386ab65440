import { shortCommit } from '../contract/archive-ref.ts'
import { releaseId } from '../contract/names.ts'
import type { Plan } from '../contract/plan.ts'
import type { DeployInput, FetchReport } from '../contract/workflows.ts'
import type { Ports } from '../ports/index.ts'
import { snapshotOf } from '../ports/opened-variables.ts'
import type { SealedVariable } from '../ports/store.ts'
import { repositoryOf } from '../ports/repository.ts'
import type { Commit, Repository } from '../ports/source.ts'
import { crashPoint } from './crash-point.ts'
import { idleSteps } from './idle-steps.ts'
import { pinPacks } from './pin-packs.ts'
import { planSource } from './plan-source.ts'
import { asStep, attended } from './step.ts'
import { expected } from './typed-failure.ts'

/** What the release was made from; written last, so that its presence proves that the tree is complete. */
export interface SourceStamp {
  commit: Commit
  plan: Plan
}

type FetchPorts = Pick<Ports, 'packs' | 'source' | 'releases' | 'store' | 'secrets'>

/** Also marks the steps that will have nothing to do: they are not run, which would cost each a round through Temporal. */
export const fetchSource = (ports: FetchPorts) => {
  const fetch = fetchStep(ports)
  return async (input: DeployInput): Promise<FetchReport> => {
    const report = await fetch(input)
    await attended(async () => {
      for (const { step, detail } of report.idle ?? [])
        await ports.store.deployments.stepFinished(input.deploymentId, step, { status: 'SKIPPED', detail })
    })
    return report
  }
}

/** Safe to repeat: a release with a source stamp is returned as it is; a partial tree stays with its attempt. */
const fetchStep = (ports: FetchPorts) =>
  asStep('fetch', ports, async (input, signal): Promise<FetchReport> => {
    const earlier = await ports.releases.stampOf<SourceStamp>(input, 'source')
    const { commit, plan } = earlier ?? (await fetchNew(ports, input, signal))
    // After the release is there: of two attempts that found different commits only one has made it.
    await snapshot(ports, input, commit, plan)
    return {
      detail: `${shortCommit(commit.sha)} ${subject(commit)} · ${plan.technology}`,
      commitSha: commit.sha,
      idle: idleSteps(plan),
    }
  })

async function fetchNew(ports: FetchPorts, input: DeployInput, signal: AbortSignal): Promise<SourceStamp> {
  const { source, releases } = ports
  const repository = await repositoryFor(ports, input.serviceId)
  const commit = await source.resolve(repository, input.commitSha ?? input.ref, signal)
  const planned = await planSource(ports, input, repository, commit.sha)
  const plan = await pinPacks(ports, planned.plan, planned.credentials, signal)
  await requireVariables(ports.store, input, plan)
  const stamp: SourceStamp = { commit, plan }
  await crashPoint('planned', input)
  const staged = await releases.stage(input)
  try {
    await source.export(repository, commit.sha, staged.directory, signal)
    await crashPoint('exported', input)
    if (await staged.publish('source', stamp)) return stamp
  } finally {
    await staged.discard()
  }
  const first = await releases.stampOf<SourceStamp>(input, 'source')
  if (!first) throw new Error(`release ${input.releaseNumber} went away while it was fetched`)
  return first
}

/** The variables that this release runs with from now on, whatever is changed later. */
async function snapshot(
  { store }: Pick<Ports, 'store'>,
  input: DeployInput,
  commit: Commit,
  plan: Plan,
): Promise<void> {
  const { serviceId, environment, releaseNumber } = input
  const variables = await variablesFor(store, input)
  await store.releases.record({
    releaseId: releaseId(serviceId, environment, releaseNumber),
    deploymentId: input.deploymentId,
    serviceId,
    environment,
    number: releaseNumber,
    commitSha: commit.sha,
    commitMessage: commit.message,
    plan,
    sealedVariables: snapshotOf(variables),
  })
}

/** What only the code says that it needs. @throws VariableMissing */
async function requireVariables(store: Ports['store'], input: DeployInput, plan: Plan): Promise<void> {
  if (!plan.requires) return
  const set = new Set((await variablesFor(store, input)).map(({ name }) => name))
  const missing = plan.requires.filter((name) => !set.has(name) && !Object.hasOwn(plan.environment, name))
  if (missing.length > 0)
    throw expected(
      'VariableMissing',
      `The service requires variables that are not set: ${missing.join(', ')}.`,
    )
}

/** Those of now; a rebuild takes those of the deployment that it goes back to. */
async function variablesFor(store: Ports['store'], input: DeployInput): Promise<SealedVariable[]> {
  const { serviceId, environment, trigger, rollbackOf } = input
  if (trigger !== 'rebuild' || rollbackOf === undefined)
    return store.variables.effective(serviceId, environment)
  const before = await store.deployments.find(rollbackOf)
  const release = before?.releaseId ? await store.releases.find(before.releaseId, rollbackOf) : undefined
  if (!release) throw expected('ReleaseGone', `Nothing is known of the release of ${rollbackOf} any more.`)
  return release.sealedVariables
}

async function repositoryFor(
  { store, secrets }: Pick<Ports, 'store' | 'secrets'>,
  serviceId: string,
): Promise<Repository> {
  const service = await store.services.find(serviceId)
  if (!service) throw expected('RepositoryUnreachable', `The service ${serviceId} does not exist any more.`)
  return repositoryOf(secrets, service)
}

const subject = (commit: Commit) => (commit.message.split('\n')[0] ?? '').slice(0, 72)
