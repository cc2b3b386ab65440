import { createHash } from 'node:crypto'
import { parseReleaseNumber, runContext } from '../contract/names.ts'
import { isRunOver } from '../contract/run.ts'
import type { RunInput, ScheduledInput } from '../contract/workflows.ts'
import type { Ports } from '../ports/index.ts'

export interface CronTurn extends ScheduledInput {
  /** Of the turn: the same one again is the same run. */
  turnId: string
}

/** From the workflow id of the turn. */
export const runIdOfTurn = (turnId: string): string =>
  `run_${createHash('sha256').update(turnId).digest('hex').slice(0, 24)}`

/**
 * Notes the turn of a cron entry as a run of what is live now, which may be another release than the one whose times
 * were kept. Null when that has no such entry any more, or the turn is over already.
 */
export const beginCronRun =
  ({ store, secrets }: Pick<Ports, 'store' | 'secrets'>) =>
  async ({ serviceId, environment, name, turnId }: CronTurn): Promise<RunInput | null> => {
    const row = await store.environments.find(serviceId, environment)
    const live = row?.live
    if (!live) return null
    const release = await store.releases.find(live.releaseId)
    const entry = release?.plan.cron.findLast((one) => one.name === name)
    if (!entry) return null
    const id = runIdOfTurn(turnId)
    const run = await store.runs.create({
      id,
      ...{ serviceId, environment, host: row.host },
      ...{ kind: 'cron', cronName: name, requestedBy: `cron ${name}` },
      command: entry.command,
      sealedCommand: secrets.seal(entry.command, runContext(serviceId, id)),
      ...{ deploymentId: live.deploymentId, releaseId: live.releaseId, number: live.number },
      releaseNumber: parseReleaseNumber(live.releaseId) ?? live.number,
    })
    return isRunOver(run.status) ? null : { runId: id, host: run.host }
  }
