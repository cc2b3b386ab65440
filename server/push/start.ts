import type { Deployment } from '../../contract/deployment.ts'
import type { PushRow, ServiceRow } from '../../ports/store.ts'
import { acceptDeployment } from '../accept-deployment.ts'
import { refusalFor } from '../problems.ts'
import { Refusal } from '../refusal.ts'
import type { PushDeps } from './index.ts'

/** Milliseconds after which a push whose ref has not changed by then never will. */
const lapsesAfter = 10 * 60_000

interface Started {
  /** Absent when it could not be started yet. */
  deployment?: Deployment
  /** For the pusher. */
  said: string
}

/** Puts a pushed commit into the lane. When that cannot be done now, the note stays and the sweep does it. */
export async function startPushed(
  deps: PushDeps,
  service: ServiceRow,
  push: Omit<PushRow, 'pushedAt'>,
): Promise<Started> {
  try {
    const deployment = await queue(deps, service, push)
    if (!deployment) return { said: `The environment ${push.environment} was removed meanwhile.` }
    const said = `-----> ${deployment.id}: ${push.branch} ${push.commitSha.slice(0, 7)} to ${push.environment}`
    return { deployment, said }
  } catch (error) {
    // Not for now but for good: its lane takes one deployment at a time, say.
    if (error instanceof Refusal) {
      await drop(deps, push)
      return { said: `Stored, but ${push.environment} is not deployed. ${error.message}` }
    }
    deps.log.warn({ err: error, push }, 'a push was accepted and waits for its deployment')
    const why = refusalFor(error as Error).message
    return { said: `Accepted. ${push.environment} is deployed as soon as that is possible again. ${why}` }
  }
}

/**
 * Decides about a noted push whose own request has not: it is deployed when its branch still means that commit.
 * @param when `over`: a ref that has not changed by now never will
 */
export async function takeUp(
  deps: PushDeps,
  push: Omit<PushRow, 'pushedAt'> & { pushedAt?: Date },
  when: 'over' | 'unsure',
): Promise<void> {
  try {
    const head = await deps.repositories.head(push.serviceId, push.branch)
    if (head === push.commitSha) {
      const service = await deps.store.services.find(push.serviceId)
      const deployment = service && (await queue(deps, service, push))
      deps.log.info({ push, deploymentId: deployment?.id }, 'a push was taken up')
    } else if (when === 'over' || deps.now().getTime() - (push.pushedAt?.getTime() ?? 0) > lapsesAfter) {
      await deps.store.pushes.settle(push.id)
    }
  } catch (error) {
    if (error instanceof Refusal) return drop(deps, push)
    deps.log.warn({ err: error, push }, 'a push could not be taken up yet')
  }
}

/** Of a push that changed nothing. Should it fail, the sweep finds out the same. */
export async function drop(deps: PushDeps, { id }: Pick<PushRow, 'id'>): Promise<void> {
  await deps.store.pushes.settle(id).catch((error: unknown) => {
    deps.log.warn({ err: error, id }, 'the note of a refused push stays for a while')
  })
}

/** The id of the push makes it one deployment, however often this is called. */
async function queue(
  deps: PushDeps,
  service: ServiceRow,
  { id, serviceId, environment: name, branch, commitSha }: Omit<PushRow, 'pushedAt'>,
): Promise<Deployment | undefined> {
  const environment = await deps.store.environments.find(serviceId, name)
  // Judged already, and it may be in its lane: a second look must not find something in the way.
  const wish = { service, trigger: 'push', by: 'push', ref: branch, commitSha, inDoubt: true } as const
  const deployment = environment && (await acceptDeployment(deps, { ...wish, environment }, id))
  await deps.store.pushes.settle(id)
  return deployment
}
