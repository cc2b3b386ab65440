import type { Deployment } from '../../contract/deployment.ts'
import type { StepName } from '../../contract/vocabulary.ts'
import { deploy } from '../server/api.ts'
import type { Desk } from './desk.ts'

/** A deployment in the middle of a step, whose log a test writes. */
export interface Running extends Deployment {
  /** Adds lines to the log of the step. */
  print(...lines: string[]): Promise<void>
}

export async function startRunning(
  desk: Desk,
  step: StepName = 'build',
  serviceId = 'shop',
): Promise<Running> {
  const deployment = await deploy(desk, serviceId)
  const { deployments, logs } = desk.store
  await deployments.started(deployment.id, { runId: 'run', at: new Date() })
  await deployments.stepStarted(deployment.id, step, 1)
  let from = 0
  return {
    ...deployment,
    async print(...lines) {
      const to = from + lines.length
      const rows = lines.map((text) => ({ at: new Date(), text }))
      await logs.append(deployment.id, { step, cursor: 'job', from, to, lines: rows })
      from = to
    },
  }
}

export const numbered = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `line ${from + n}`)
