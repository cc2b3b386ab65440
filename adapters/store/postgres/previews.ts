import { sql } from 'kysely'
import type { Kysely, Selectable, Transaction } from 'kysely'
import type { OpenWish, PreviewRow, PreviewStore, PullRequestFacts } from '../../../ports/preview-store.ts'
import { storable, storableJson } from './storable.ts'
import type { Tables } from './tables.ts'

/** Days that a closed one is remembered: as long as deliveries, of which a late one must not bring it back. */
const rememberedDays = 30

export const previewStore = (db: Kysely<Tables>): PreviewStore => ({
  async rule(serviceId) {
    const row = await db
      .selectFrom('services')
      .select('preview_rule')
      .where('service_id', '=', serviceId)
      .executeTakeFirst()
    return row?.preview_rule ?? null
  },

  setRule: (serviceId, rule) =>
    db.transaction().execute(async (trx) => {
      await trx
        .updateTable('services')
        .set({ preview_rule: rule && storableJson(rule) })
        .where('service_id', '=', serviceId)
        .execute()
      await trx
        .updateTable('environments')
        .set({ inherits_from: rule?.variablesFrom ?? null })
        .where('service_id', '=', serviceId)
        .where('is_preview', '=', true)
        .execute()
    }),

  ask: (wish) =>
    db.transaction().execute(async (trx) => {
      await lock(trx, wish.serviceId)
      const there = await environmentOf(trx, wish)
      const known = await row(trx, wish)
      const answer = await judged(trx, wish, there, known)
      if (answer === 'asked' || answer === 'told') await note(trx, wish, answer)
      return answer
    }),

  close: (wish) =>
    db.transaction().execute(async (trx) => {
      await lock(trx, wish.serviceId)
      const known = await row(trx, wish)
      if (wish.receivedAt !== 'now' && known?.asked_at && known.asked_at > wish.receivedAt) return 'newer'
      await trx
        .insertInto('previews')
        .values({ ...keyOf(wish), ...factsOf(wish.request), ...closedBy(wish) })
        .onConflict((conflict) =>
          conflict.columns(['service_id', 'environment']).doUpdateSet({
            closed_at: sql`greatest(previews.closed_at, excluded.closed_at)`,
            closed_reason: sql`coalesce(previews.closed_reason, excluded.closed_reason)`,
          }),
        )
        .execute()
      if (await environmentOf(trx, wish)) return 'closing'
      return known?.asked_at ? 'removed' : 'absent'
    }),

  async list(serviceId) {
    const rows = await open(db).where('p.service_id', '=', serviceId).orderBy('p.number').execute()
    return rows.map(toPreview)
  },

  async find(serviceId, environment) {
    const found = await open(db)
      .where('p.service_id', '=', serviceId)
      .where('p.environment', '=', environment)
      .executeTakeFirst()
    return found && toPreview(found)
  },

  async due() {
    await db
      .updateTable('previews')
      .set({ closed_at: sql`now()`, closed_reason: 'Its lifetime is over.' })
      .where('closed_at', 'is', null)
      .where(sql<boolean>`expires_at <= now()`)
      .execute()
    await db
      .deleteFrom('previews as p')
      .where(sql<boolean>`p.closed_at < now() - ${rememberedDays} * interval '1 day'`)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('environments as e')
              .select('e.environment')
              .whereRef('e.service_id', '=', 'p.service_id')
              .whereRef('e.environment', '=', 'p.environment')
              .where('e.is_preview', '=', true),
          ),
        ),
      )
      .execute()
    return (await open(db).where('p.closed_at', 'is not', null).execute()).map(toPreview)
  },
})

/** One at a time per service: they are counted. */
const lock = (trx: Transaction<Tables>, serviceId: string) =>
  trx
    .selectFrom('services')
    .select('service_id')
    .where('service_id', '=', serviceId)
    .forNoKeyUpdate()
    .execute()

type Key = Pick<OpenWish, 'serviceId' | 'environment'>
const keyOf = ({ serviceId, environment }: Key) => ({ service_id: serviceId, environment })

const row = (trx: Transaction<Tables>, { serviceId, environment }: Key) =>
  trx
    .selectFrom('previews')
    .selectAll()
    .where('service_id', '=', serviceId)
    .where('environment', '=', environment)
    .executeTakeFirst()

/** Its environment, if it is there and a preview. */
const environmentOf = (trx: Transaction<Tables>, { serviceId, environment }: Key) =>
  trx
    .selectFrom('environments')
    .select('seen_commit')
    .where('service_id', '=', serviceId)
    .where('environment', '=', environment)
    .where('is_preview', '=', true)
    .executeTakeFirst()

async function judged(
  trx: Transaction<Tables>,
  wish: OpenWish,
  there: Awaited<ReturnType<typeof environmentOf>>,
  known: Awaited<ReturnType<typeof row>>,
): ReturnType<PreviewStore['ask']> {
  const later = [known?.asked_at, known?.closed_at].some((at) => at && at > wish.receivedAt)
  if (later) return 'older'
  if (there && known?.closed_at) return 'closing'
  const mine = known?.told_by === wish.deliveryId
  if (there && there.seen_commit === wish.commitSha && !mine && !wish.again) return 'told'
  if (!there && (await openBeside(trx, wish)) >= wish.rule.maxOpen) return 'full'
  return 'asked'
}

async function openBeside(trx: Transaction<Tables>, { serviceId, environment }: Key): Promise<number> {
  const { count } = await trx
    .selectFrom('environments as e')
    .innerJoin('previews as p', (join) =>
      join.onRef('p.service_id', '=', 'e.service_id').onRef('p.environment', '=', 'e.environment'),
    )
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where('e.service_id', '=', serviceId)
    .where('e.is_preview', '=', true)
    .where('e.environment', '!=', environment)
    .where('p.closed_at', 'is', null)
    .executeTakeFirstOrThrow()
  return Number(count)
}

async function note(trx: Transaction<Tables>, wish: OpenWish, answer: 'asked' | 'told'): Promise<void> {
  const now = {
    ...factsOf(wish.request),
    asked_at: wish.receivedAt,
    expires_at: new Date(wish.receivedAt.getTime() + wish.rule.ttl * 1000),
    closed_at: null,
    closed_reason: null,
    ...(answer === 'asked' ? { told_by: wish.deliveryId } : {}),
  }
  await trx
    .insertInto('previews')
    .values({ ...keyOf(wish), ...now })
    .onConflict((conflict) => conflict.columns(['service_id', 'environment']).doUpdateSet(now))
    .execute()
}

const factsOf = ({ number, title, url, branch, targetBranch, fromFork }: PullRequestFacts) => ({
  ...{ number, title: storable(title), url: url && storable(url) },
  ...{ branch: storable(branch), target_branch: storable(targetBranch), from_fork: fromFork },
})

const closedBy = ({ receivedAt, reason }: { receivedAt: Date | 'now'; reason: string }) => ({
  closed_at: receivedAt === 'now' ? sql<Date>`now()` : receivedAt,
  closed_reason: storable(reason),
})

const open = (db: Kysely<Tables>) =>
  db
    .selectFrom('previews as p')
    .innerJoin('environments as e', (join) =>
      join.onRef('e.service_id', '=', 'p.service_id').onRef('e.environment', '=', 'p.environment'),
    )
    .where('e.is_preview', '=', true)
    .selectAll('p')

const toPreview = (found: Selectable<Tables['previews']>): PreviewRow => ({
  serviceId: found.service_id,
  environment: found.environment,
  number: found.number,
  title: found.title,
  url: found.url,
  branch: found.branch,
  targetBranch: found.target_branch,
  fromFork: found.from_fork,
  expiresAt: found.expires_at,
  closedAt: found.closed_at,
  closedReason: found.closed_reason,
})
