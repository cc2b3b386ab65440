import type { Kysely, Selectable, Transaction } from 'kysely'
import { finalStatuses } from '../../../contract/vocabulary.ts'
import type { DeploymentsTable, Tables } from './tables.ts'

/** A deployment that has not ended; its row is locked. */
export type OpenDeployment = Pick<
  Selectable<DeploymentsTable>,
  'id' | 'service_id' | 'environment' | 'number' | 'status' | 'run_id' | 'cancel_at'
>

/** Works on a deployment under the lock of its row; does nothing once it has ended. */
export async function whileOpen(
  db: Kysely<Tables>,
  id: string,
  work: (trx: Transaction<Tables>, open: OpenDeployment) => Promise<void>,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    const open = await trx
      .selectFrom('deployments')
      .select(['id', 'service_id', 'environment', 'number', 'status', 'run_id', 'cancel_at'])
      .where('id', '=', id)
      .where('status', 'not in', [...finalStatuses])
      .forNoKeyUpdate()
      .executeTakeFirst()
    if (open) await work(trx, open)
  })
}
