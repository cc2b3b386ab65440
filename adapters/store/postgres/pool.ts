import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { pgErrorCode } from './errors.ts'

/** Milliseconds. Longer than any query of ours takes. */
const statementLimit = 15_000
const connectLimit = 5_000
/** Until a connection on which nothing comes back is given up; the server itself gives up a statement before. */
const standardPatience = 20_000
/** How long a database may take to come up with us. */
const startLimit = 10_000

export function poolConfig(databaseUrl: string, size: number, patience = standardPatience): pg.PoolConfig {
  return {
    connectionString: databaseUrl,
    max: size,
    application_name: 'sluice',
    connectionTimeoutMillis: Math.min(connectLimit, patience),
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    statement_timeout: statementLimit,
    idle_in_transaction_session_timeout: statementLimit,
    types: { getTypeParser },
  }
}

/**
 * A pool that survives a restart of PostgreSQL: queries under way fail, later ones connect anew.
 * A server that is frozen, or out of reach, neither answers nor closes: after `patience` ms of silence in the middle of
 * a query its connection is destroyed. The driver's own `query_timeout` would hand it to the next one as it is,
 * perhaps in the middle of a transaction.
 */
export function openPool(databaseUrl: string, size: number, patience = standardPatience): pg.Pool {
  const pool = new pg.Pool(poolConfig(databaseUrl, size, patience))
  // Without these listeners a lost connection ends the process. Whoever queries gets the error anyway.
  pool.on('error', () => {})
  pool.on('connect', (client) => {
    client.on('error', () => {})
    const socket = socketOf(client)
    socket.on('timeout', () => socket.destroy(silence(patience)))
  })
  pool.on('acquire', (client) => void socketOf(client).setTimeout(patience))
  pool.on('release', (_, client) => void socketOf(client).setTimeout(0))
  return pool
}

const socketOf = (client: pg.PoolClient) => (client as unknown as pg.Client).connection.stream as Socket

const silence = (patience: number) =>
  Object.assign(new Error(`PostgreSQL has said nothing for ${patience} ms`), {
    code: 'ETIMEDOUT',
    syscall: 'read',
  })

/** Waits until the database answers. @throws Error at once when it refuses us, after a few seconds when it is silent. */
export async function waitForDatabase(databaseUrl: string): Promise<void> {
  const deadline = Date.now() + startLimit
  for (;;) {
    const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: connectLimit })
    client.on('error', () => {})
    try {
      await client.connect()
      return
    } catch (error) {
      if (!isStarting(error) || Date.now() > deadline) throw unreachable(databaseUrl, error)
    } finally {
      await client.end().catch(() => {})
    }
    await sleep(200)
  }
}

function isStarting(error: unknown): boolean {
  const code = pgErrorCode(error)
  return code === undefined || startingCodes.has(code)
}

/** A name may not resolve yet when containers start together. 57P03: the database system is starting up. */
const startingCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  '57P03',
])

function unreachable(databaseUrl: string, error: unknown): Error {
  const { host, port, database } = new pg.Client({ connectionString: databaseUrl })
  // Node leaves the message empty when it has tried several addresses.
  const reason = (error instanceof Error && error.message) || pgErrorCode(error) || String(error)
  return new Error(
    `Sluice's own database (${database ?? 'no name'} on ${host}:${port}) does not answer: ${reason}. Check DATABASE_URL.`,
    { cause: error },
  )
}

const bigintOid = 20

/** bigint columns hold byte offsets and counters, far below 2^53. */
function getTypeParser(oid: number, format?: 'text' | 'binary') {
  return oid === bigintOid ? Number : pg.types.getTypeParser(oid, format)
}
