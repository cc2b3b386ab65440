import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

/** Connects once and closes. @throws what PostgreSQL or the network answers */
export async function probePostgres(url: string, timeoutMs = 2000): Promise<void> {
  await withClient(url, timeoutMs, (client) => client.query('select 1'))
}

/** Tries until the server answers and accepts the connection. @throws the last error */
export async function waitForPostgres(
  url: string,
  withinMs: number,
  stillWorth: () => boolean = () => true,
): Promise<void> {
  const deadline = Date.now() + withinMs
  for (;;) {
    try {
      return await probePostgres(url)
    } catch (error) {
      if (!isStarting(error)) throw error
      if (Date.now() > deadline || !stillWorth()) throw error
    }
    await sleep(25)
  }
}

/** Creates the database of the url unless it is there, through the database `postgres`. */
export async function ensureDatabase(url: string): Promise<void> {
  try {
    await probePostgres(url)
  } catch (error) {
    if ((error as { code?: string }).code !== '3D000') throw error
    const name = new URL(url).pathname.slice(1)
    await withClient(maintenanceUrl(url), 5000, (client) =>
      client.query(`create database ${client.escapeIdentifier(name)}`),
    )
  }
}

/** Of the database `postgres`, which every server has. */
export function maintenanceUrl(url: string): string {
  const changed = new URL(url)
  changed.pathname = '/postgres'
  return changed.href
}

/** Not listening yet, or `the database system is starting up`. */
function isStarting(error: unknown): boolean {
  const code = (error as { code?: string }).code ?? ''
  return [
    'ECONNREFUSED',
    'ECONNRESET',
    'ENOTFOUND',
    'EAI_AGAIN',
    'ETIMEDOUT',
    'EHOSTUNREACH',
    '57P03',
    '',
  ].includes(code)
}

async function withClient(
  url: string,
  timeoutMs: number,
  work: (client: pg.Client) => Promise<unknown>,
): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: 30_000,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}
