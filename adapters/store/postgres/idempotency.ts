import { sql } from 'kysely'
import type { Kysely } from 'kysely'
import type { IdempotencyStore } from '../../../ports/store.ts'
import { storableJson } from './storable.ts'
import type { Tables } from './tables.ts'

/** How long an answer is given again (Stripe: 24 hours). */
const remembered = sql`interval '24 hours'`
/** A request that has not answered by then died with a server that did not come back. */
const abandoned = sql`interval '1 minute'`

export const idempotencyStore = (db: Kysely<Tables>, holder: string): IdempotencyStore => ({
  async claim(key, scope, bodyHash) {
    await forgetOld(db)
    const claimed = await db
      .insertInto('idempotency_keys')
      .values({ scope, key, body_hash: bodyHash, holder })
      .onConflict((conflict) =>
        conflict
          .columns(['scope', 'key'])
          .doUpdateSet({ claimed_at: sql`now()`, holder })
          .where('idempotency_keys.body_hash', '=', bodyHash)
          .where('idempotency_keys.answer', 'is', null)
          .where(sql<boolean>`idempotency_keys.claimed_at < now() - ${abandoned}`),
      )
      .returning('key')
      .executeTakeFirst()
    if (claimed) return { state: 'new' }
    const held = await selectKey(db, key, scope)
    // Given back between the two statements: whoever asks again gets it.
    if (!held) return { state: 'running' }
    if (held.body_hash !== bodyHash) return { state: 'mismatch' }
    return held.answer ? { state: 'same', answer: held.answer } : { state: 'running' }
  },

  async answer(key, scope, answer) {
    await db
      .updateTable('idempotency_keys')
      .set({ answer: storableJson(answer) })
      .where('scope', '=', scope)
      .where('key', '=', key)
      .where('answer', 'is', null)
      .execute()
  },

  async release(key, scope) {
    await db
      .deleteFrom('idempotency_keys')
      .where('scope', '=', scope)
      .where('key', '=', key)
      .where('answer', 'is', null)
      .execute()
  },

  async abandon() {
    await db.deleteFrom('idempotency_keys').where('holder', '=', holder).where('answer', 'is', null).execute()
  },
})

const selectKey = (db: Kysely<Tables>, key: string, scope: string) =>
  db
    .selectFrom('idempotency_keys')
    .select(['body_hash', 'answer'])
    .where('scope', '=', scope)
    .where('key', '=', key)
    .executeTakeFirst()

async function forgetOld(db: Kysely<Tables>): Promise<void> {
  await db
    .deleteFrom('idempotency_keys')
    .where(sql<boolean>`claimed_at < now() - ${remembered}`)
    .execute()
}
