import { sql } from 'kysely'
import type { Transaction } from 'kysely'
import { deploymentId } from '../../../contract/names.ts'
import type { DeploymentStatus, StepStatus } from '../../../contract/vocabulary.ts'
import type { DeploymentStore } from '../../../ports/store.ts'
import { addEvent } from './events.ts'
import { firstLine } from './first-line.ts'
import type { OpenDeployment } from './open-deployment.ts'
import { endStep } from './steps.ts'
import { storableJson } from './storable.ts'
import type { Tables } from './tables.ts'

type Outcome = Parameters<DeploymentStore['finish']>[1]

export async function finishDeployment(
  trx: Transaction<Tables>,
  deployment: OpenDeployment,
  outcome: Outcome,
): Promise<void> {
  const detail = outcome.failure ? firstLine(outcome.failure.message) : null
  await endSteps(trx, deployment.id, outcome, detail)
  await trx
    .updateTable('deployments')
    .set({
      status: outcome.status,
      compensation: outcome.compensation,
      failure: outcome.failure && storableJson(outcome.failure),
      superseded_by:
        outcome.status === 'SUPERSEDED' ? (outcome.supersededBy ?? (await nextOne(trx, deployment))) : null,
      finished_at: sql`now()`,
    })
    .where('id', '=', deployment.id)
    .execute()
  await addEvent(trx, deployment.id, { type: 'finished', status: outcome.status, detail })
}

async function endSteps(
  trx: Transaction<Tables>,
  id: string,
  outcome: Outcome,
  detail: string | null,
): Promise<void> {
  const steps = await trx
    .selectFrom('deployment_steps')
    .select(['name', 'status'])
    .where('deployment_id', '=', id)
    .execute()
  const named = outcome.step ?? outcome.failure?.step
  for (const { name, status } of steps) {
    if (status === 'RUNNING' || (status === 'PENDING' && name === named)) {
      await endStep(trx, id, name, { status: interrupted(outcome), detail })
    }
  }
  await trx
    .updateTable('deployment_steps')
    .set({ status: neverReached(outcome.status) })
    .where('deployment_id', '=', id)
    .where('status', '=', 'PENDING')
    .execute()
}

/** What becomes of the step that was under way. */
function interrupted({ status, failure }: Outcome): StepStatus {
  if (status === 'CANCELED' || status === 'SUPERSEDED') return 'CANCELED'
  return status === 'SUCCEEDED' && !failure ? 'SUCCEEDED' : 'FAILED'
}

const neverReached = (status: DeploymentStatus): StepStatus =>
  status === 'CANCELED' ? 'CANCELED' : 'SKIPPED'

async function nextOne(trx: Transaction<Tables>, deployment: OpenDeployment): Promise<string | null> {
  const row = await trx
    .selectFrom('deployments')
    .select((eb) => eb.fn.min('number').as('number'))
    .where('service_id', '=', deployment.service_id)
    .where('environment', '=', deployment.environment)
    .where('number', '>', deployment.number)
    .executeTakeFirst()
  return row?.number ? deploymentId(deployment.service_id, deployment.environment, row.number) : null
}
