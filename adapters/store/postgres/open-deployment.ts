import { sql, type Kysely, type RawBuilder, type Selectable, type Transaction } from 'kysely'
import { finalStatuses } from '../../../contract/vocabulary.ts'
import type { DeploymentsTable, Tables } from './tables.ts'

/** A deployment that has not ended; its row is locked. */
export type OpenDeployment = Pick<
  Selectable<DeploymentsTable>,
  'id' | 'service_id' | 'environment' | 'number' | 'status' | 'run_id' | 'cancel_at'
>

/** As `whileOpen`, for a change that is one statement: selects the id and status, locked, or nothing. */
export const openDeployment = (id: string): RawBuilder<unknown> => sql`
  select id, status, run_id from deployments
  where id = ${id} and status not in (${sql.join([...finalStatuses])}) for no key update`

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
