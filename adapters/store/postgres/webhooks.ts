import { sql, type Kysely, type Selectable, type Transaction } from 'kysely'
import { BadCursor } from '../../../ports/store.ts'
import type { DeliveryResult, DeliveryRow, NewDelivery, WebhookStore } from '../../../ports/store.ts'
import { storable, storableJson } from './storable.ts'
import type { Tables } from './tables.ts'

export const webhookStore = (db: Kysely<Tables>): WebhookStore => ({
  async secret(serviceId) {
    const row = await db
      .selectFrom('services')
      .select(['sealed_webhook_secret', 'webhook_secret_at'])
      .where('service_id', '=', serviceId)
      .executeTakeFirst()
    if (!row?.sealed_webhook_secret) return undefined
    return { sealed: row.sealed_webhook_secret, createdAt: row.webhook_secret_at! }
  },

  async setSecret(serviceId, sealed) {
    await db
      .updateTable('services')
      .set({ sealed_webhook_secret: sealed, webhook_secret_at: sealed === null ? null : sql`now()` })
      .where('service_id', '=', serviceId)
      .execute()
  },

  record: (delivery, again) => db.transaction().execute((trx) => recordDelivery(trx, delivery, again)),

  async find(serviceId, id) {
    const row = await db
      .selectFrom('deliveries')
      .selectAll()
      .where('service_id', '=', serviceId)
      .where('id', '=', id)
      .executeTakeFirst()
    return row && toDelivery(row)
  },

  async list(serviceId, { limit, cursor }) {
    if (cursor !== undefined && !/^[1-9]\d{0,15}$/.test(cursor)) throw new BadCursor('not a cursor')
    const rows = await db
      .selectFrom('deliveries')
      .selectAll()
      .where('service_id', '=', serviceId)
      .$if(cursor !== undefined, (query) => query.where('created_seq', '<', Number(cursor)))
      .orderBy('created_seq', 'desc')
      .limit(limit + 1)
      .execute()
    const page = rows.slice(0, limit)
    const nextCursor = rows.length > limit ? String(page.at(-1)!.created_seq) : null
    return { data: page.map(toDelivery), nextCursor }
  },

  async pending({ limit, except, patienceMs }) {
    const rows = await db
      .selectFrom('deliveries as due')
      .selectAll()
      .where('settled_at', 'is', null)
      .where(sql<boolean>`next_attempt_at <= now()`)
      .where(sql<boolean>`service_id != all(${except}::text[])`)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('deliveries as older')
              .select('older.id')
              .whereRef('older.service_id', '=', 'due.service_id')
              .whereRef('older.created_seq', '<', 'due.created_seq')
              .where('older.settled_at', 'is', null)
              .where(sql<boolean>`older.next_attempt_at > now()`)
              .where(sql<boolean>`older.received_at > now() - ${patienceMs}::int * interval '1 millisecond'`)
              .where(sql<boolean>`${pushedTo('older')} && ${pushedTo('due')}`),
          ),
        ),
      )
      .orderBy(waits)
      .orderBy('created_seq')
      .limit(limit)
      .execute()
    return rows.map(toDelivery)
  },

  async isOvertaken({ id, serviceId }, environment) {
    const deployed = JSON.stringify([{ environment, outcome: 'deployed' }])
    const later = await db
      .selectFrom('deliveries')
      .select('id')
      .where('service_id', '=', serviceId)
      .where(({ eb, selectFrom }) =>
        eb('created_seq', '>', selectFrom('deliveries').select('created_seq').where('id', '=', id)),
      )
      .where(sql<boolean>`results @> ${deployed}::jsonb`)
      .limit(1)
      .executeTakeFirst()
    return later !== undefined
  },

  async attempted(id) {
    await db
      .updateTable('deliveries')
      .set({ attempts: sql`attempts + 1` })
      .where('id', '=', id)
      .execute()
  },

  async settle(id, results, retryAfterMs) {
    await db
      .updateTable('deliveries')
      .set({
        results: storableJson(results),
        settled_at: isSettled(results) ? sql`now()` : null,
        next_attempt_at: sql`now() + ${retryAfterMs}::int * interval '1 millisecond'`,
      })
      .where('id', '=', id)
      .where('settled_at', 'is', null)
      .execute()
  },

  async forget(before) {
    await db
      .deleteFrom('deliveries')
      .where('received_at', '<', before)
      .where('settled_at', 'is not', null)
      .execute()
  },
})

/** For a preview to be gone. */
const waits = sql<boolean>`results @? '$[*] ? (@.outcome == "pending" && @.reason != null)'`

/** Environments of a delivery's pushes; a preview's row knows by itself what was last wanted of it. */
const pushedTo = (delivery: 'older' | 'due') =>
  sql`array(
    select target->>'environment' from jsonb_array_elements(${sql.ref(`${delivery}.targets`)}) as target
    where not target ? 'preview'
  )`

const isSettled = (results: readonly DeliveryResult[]) =>
  results.every(({ outcome }) => outcome !== 'pending')

async function recordDelivery(
  trx: Transaction<Tables>,
  delivery: NewDelivery,
  again: boolean,
): Promise<{ row: DeliveryRow; known: boolean }> {
  const made = await trx
    .insertInto('deliveries')
    .values({
      id: delivery.id,
      service_id: delivery.serviceId,
      provider: delivery.provider,
      delivery_id: storable(delivery.deliveryId),
      event: storable(delivery.event),
      targets: storableJson(delivery.targets),
      results: storableJson(delivery.results),
      redelivery_of: delivery.redeliveryOf,
    })
    .onConflict((conflict) => conflict.columns(['service_id', 'provider', 'delivery_id']).doNothing())
    .returning('id')
    .executeTakeFirst()
  const held = () =>
    trx
      .selectFrom('deliveries')
      .selectAll()
      .where('service_id', '=', delivery.serviceId)
      .where('provider', '=', delivery.provider)
      .where('delivery_id', '=', storable(delivery.deliveryId))
      .executeTakeFirstOrThrow()
  if (!made) return { row: toDelivery(await held()), known: true }
  const results = await seenResults(trx, delivery, again)
  await trx
    .updateTable('deliveries')
    .set({ results: storableJson(results), settled_at: isSettled(results) ? sql`now()` : null })
    .where('id', '=', delivery.id)
    .execute()
  return { row: toDelivery(await held()), known: false }
}

/** A commit that the environment has seen, by another delivery or by the sweep, is not deployed once more. */
async function seenResults(
  trx: Transaction<Tables>,
  { id, serviceId, targets, results }: NewDelivery,
  again: boolean,
): Promise<DeliveryResult[]> {
  const judged = [...results]
  // Sorted, so that two deliveries at once cannot wait for each other.
  for (const { environment, commitSha, preview } of targets.toSorted((a, b) =>
    a.environment < b.environment ? -1 : 1,
  )) {
    // Its environment may be another one by the time it is carried out; what it has seen is asked then.
    if (preview) continue
    const seen = await trx
      .updateTable('environments')
      .set({ seen_commit: commitSha })
      .where('service_id', '=', serviceId)
      .where('environment', '=', environment)
      .where(sql<boolean>`seen_commit is distinct from ${commitSha}`)
      .returning('environment')
      .executeTakeFirst()
    if (seen || again || !(await wasTold(trx, serviceId, id, environment, commitSha))) continue
    const at = judged.findIndex((one) => one.environment === environment && one.outcome === 'pending')
    const reason = `${environment} has been told of commit ${commitSha.slice(0, 7)} already.`
    if (at >= 0) judged[at] = { environment, deploymentId: null, outcome: 'ignored', reason }
  }
  return judged
}

/** By another delivery: a commit that was only noticed by a first look is still to be deployed. */
async function wasTold(
  trx: Transaction<Tables>,
  serviceId: string,
  id: string,
  environment: string,
  commitSha: string,
): Promise<boolean> {
  const told = await trx
    .selectFrom('deliveries')
    .select('id')
    .where('service_id', '=', serviceId)
    .where('id', '!=', id)
    .where(sql<boolean>`targets @> ${JSON.stringify([{ environment, commitSha }])}::jsonb`)
    .limit(1)
    .executeTakeFirst()
  return told !== undefined
}

const toDelivery = (row: Selectable<Tables['deliveries']>): DeliveryRow => ({
  id: row.id,
  serviceId: row.service_id,
  provider: row.provider,
  deliveryId: row.delivery_id,
  event: row.event,
  targets: row.targets,
  results: row.results,
  redeliveryOf: row.redelivery_of,
  receivedAt: row.received_at,
  settledAt: row.settled_at,
  attempts: row.attempts,
})
