import { EventEmitter } from 'node:events'
import { sql } from 'kysely'
import type { Kysely, RawBuilder } from 'kysely'
import pg from 'pg'
import type { Store } from '../../../ports/store.ts'
import type { Tables } from './tables.ts'

const channel = 'sluice_deployments'
/** Milliseconds between attempts to listen again. */
const backOff = { first: 100, last: 5_000 }

/** Wakes whoever watches this deployment, once the transaction commits. */
export async function notify(db: Kysely<Tables>, deploymentId: string): Promise<void> {
  await sql`select pg_notify(${channel}, ${deploymentId})`.execute(db)
}

/** The end of a statement that wakes whoever watches the deployments whose ids `changed` selects. */
export const notifying = (changed: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`select pg_notify(${channel}, changed.id) from (${changed}) as changed (id)`

export interface Notifications {
  watch: Store['watch']
  close(): Promise<void>
}

/** One connection for all watchers, opened when the first one comes. */
export function listenTo(databaseUrl: string): Notifications {
  const watchers = new EventEmitter().setMaxListeners(0)
  let client: pg.Client | undefined
  let opened = false
  let closed = false
  let timer: NodeJS.Timeout | undefined

  const connect = async (delay: number): Promise<void> => {
    const fresh = new pg.Client({
      connectionString: databaseUrl,
      keepAlive: true,
      connectionTimeoutMillis: backOff.last,
      application_name: 'sluice watch',
    })
    client = fresh
    let lost = false
    const reconnect = () => {
      if (lost || closed) return
      lost = true
      void fresh.end().catch(() => {})
      timer = setTimeout(() => void connect(Math.min(delay * 2, backOff.last)), delay)
    }
    fresh.on('error', reconnect)
    fresh.on('end', reconnect)
    fresh.on('notification', ({ payload }) => void watchers.emit(payload ?? ''))
    try {
      await fresh.connect()
      await fresh.query(`listen ${channel}`)
      delay = backOff.first
      // What changed while nobody listened was not heard.
      for (const id of watchers.eventNames()) watchers.emit(id)
    } catch {
      reconnect()
    }
  }

  return {
    watch(deploymentId, changed) {
      // A listener of its own per call: the same function may watch twice.
      const listener = () => changed()
      watchers.on(deploymentId, listener)
      if (!opened) {
        opened = true
        void connect(backOff.first)
      }
      return () => void watchers.off(deploymentId, listener)
    },
    async close() {
      closed = true
      clearTimeout(timer)
      watchers.removeAllListeners()
      await client?.end().catch(() => {})
    },
  }
}
