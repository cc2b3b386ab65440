import { Kysely, PostgresDialect, sql } from 'kysely'
import type { Store } from '../../../ports/store.ts'
import { archiveUrlStore } from './archive-urls.ts'
import { auditStore } from './audit.ts'
import { cronStore } from './cron.ts'
import { deploymentStore } from './deployments.ts'
import { environmentStore } from './environments.ts'
import { idempotencyStore } from './idempotency.ts'
import { logStore } from './logs.ts'
import { migrate } from './migrate.ts'
import { notificationStore } from './notifications.ts'
import { openPool, waitForDatabase } from './pool.ts'
import { processStore } from './processes.ts'
import { previewStore } from './previews.ts'
import { pushStore } from './pushes.ts'
import { releaseStore } from './releases.ts'
import { runStore } from './runs.ts'
import { scheduleStore } from './schedules.ts'
import { serviceStore } from './services.ts'
import { signInLinkStore } from './sign-in-links.ts'
import type { Tables } from './tables.ts'
import { tokenStore } from './tokens.ts'
import { variableStore } from './variables.ts'
import { webhookStore } from './webhooks.ts'
import { listenTo } from './watch.ts'

export interface PostgresStoreOptions {
  databaseUrl: string
  /** Connections at most; one more listens. */
  poolSize?: number
  /** Base of the links to Temporal's web UI; without it deployments have none. */
  temporalUiUrl?: string
  temporalNamespace?: string
  /** Milliseconds until a database that is silent is given up; whoever asks the API waits that long. */
  patience?: number
  /** Who claims idempotency keys: one process at a time has this name. */
  holder?: string
}

/**
 * Waits up to 10 seconds for the database to come up, and brings its tables up to date.
 * @throws Error that says what is wrong with the database.
 */
export async function postgresStore(options: PostgresStoreOptions): Promise<Store> {
  const { databaseUrl, poolSize = 10, patience, temporalUiUrl, temporalNamespace = 'default' } = options
  await waitForDatabase(databaseUrl)
  await migrate(databaseUrl)
  const pool = openPool(databaseUrl, poolSize, patience)
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  const notifications = listenTo(databaseUrl)
  return {
    services: serviceStore(db),
    environments: environmentStore(db),
    variables: variableStore(db),
    deployments: deploymentStore(
      db,
      temporalUiUrl ? { url: temporalUiUrl, namespace: temporalNamespace } : undefined,
    ),
    logs: logStore(db),
    releases: releaseStore(db),
    archiveUrls: archiveUrlStore(db),
    schedules: scheduleStore(db),
    processes: processStore(db),
    runs: runStore(db),
    cron: cronStore(db),
    idempotency: idempotencyStore(db, options.holder ?? ''),
    webhooks: webhookStore(db),
    tokens: tokenStore(db),
    signInLinks: signInLinkStore(db),
    audit: auditStore(db),
    notifications: notificationStore(db),
    pushes: pushStore(db),
    previews: previewStore(db),
    watch: notifications.watch,
    async ping() {
      await sql`select 1`.execute(db)
    },
    async close() {
      await notifications.close()
      await db.destroy()
    },
  }
}
