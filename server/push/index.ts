import { randomUUID } from 'node:crypto'
import type { Push, RefUpdate } from '../../ports/pushed-repositories.ts'
import type { PushRow, ServiceRow } from '../../ports/store.ts'
import type { AppDeps } from '../deps.ts'
import type { Metrics } from '../metrics.ts'
import { followDeployment } from './follow-deployment.ts'
import { judgePush } from './judge.ts'
import { drop, startPushed, takeUp } from './start.ts'

export type PushDeps = AppDeps & Pick<Metrics, 'accepted'>

/**
 * One push to a service. Each environment that it deploys is noted before a ref changes, and deployed once it has: by
 * the same process as a rule, by the sweep when that was killed in between.
 */
export function createPush(deps: PushDeps, service: ServiceRow): Push {
  let noted: Omit<PushRow, 'pushedAt'>[] = []
  const { serviceId } = service

  return {
    async judge(updates, tell) {
      const verdict = await judgePush(deps, service, updates, tell)
      if (!verdict) return false
      noted = verdict.map((deployed) => ({ id: randomUUID(), serviceId, ...deployed }))
      try {
        await deps.store.pushes.note(noted)
        return true
      } catch (error) {
        noted = []
        deps.log.error({ err: error, serviceId }, 'a push could not be noted')
        await tell("Sluice's database does not answer. Nothing has changed: push again in a moment.")
        return false
      }
    },

    async changed(updates, tell, gone) {
      const pushed = noted.filter((row) => updates.some((update) => isOf(update, row)))
      noted = noted.filter((row) => !pushed.includes(row))
      const signal = AbortSignal.any([gone, deps.stopping])
      // All of them first: the pusher may leave while one is shown.
      const started = await Promise.all(pushed.map((row) => startPushed(deps, service, row)))
      for (const { deployment, said } of started) {
        await tell(said)
        if (deployment) await followDeployment(deps, deployment, tell, signal)
      }
      for (const line of await storedOnly(deps, serviceId, updates, pushed)) await tell(line)
    },

    async ended(cleanly) {
      for (const row of noted.splice(0)) {
        // Another push may have brought the same commit: then this one, which came too late, deploys nothing.
        if (cleanly) await drop(deps, row)
        else await takeUp(deps, row, 'over')
      }
    },
  }
}

const isOf = ({ ref, after }: RefUpdate, { branch, commitSha }: Pick<PushRow, 'branch' | 'commitSha'>) =>
  ref === `refs/heads/${branch}` && after === commitSha

/** Tells of what was pushed and deploys nothing. */
async function storedOnly(
  { store }: PushDeps,
  serviceId: string,
  updates: RefUpdate[],
  pushed: Pick<PushRow, 'branch'>[],
): Promise<string[]> {
  const stored = updates
    .map(({ ref, after }) => (after === null ? '' : ref.replace(/^refs\/(heads|tags)\//, '')))
    .filter((name) => name !== '' && !pushed.some(({ branch }) => branch === name))
  if (stored.length === 0) return []
  const environments = await store.environments.list(serviceId).catch(() => [])
  const deploying = environments.map(({ branch, environment }) => `${branch} deploys ${environment}`)
  return [
    `Stored ${stored.slice(0, 10).join(', ')}${stored.length > 10 ? ' …' : ''}, which deploys nothing.`,
    deploying.length === 0
      ? `${serviceId} has no environment yet: sluice env set ${serviceId} production --branch <branch>`
      : `For ${serviceId}, ${deploying.join(', ')}.`,
  ]
}
