// The list of deployments over HTTP, on 100,000 of them: its first page beside its thousandth, and the filters.
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import type http from 'node:http'
import os from 'node:os'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import pg from 'pg'
import { addShop, startApi, token, type Api } from '../test/server/api.ts'
import { figuresOf, type Figures } from './figures.ts'

const deployments = 100_000
const pageSize = 100
const asked = Number(process.env['REQUESTS'] ?? 200)
/** How far in a list "deep" is, where it has so many. The thousandth page is the last one of all. */
const deepest = { all: 1000, filtered: 30 }

const filters: Record<string, string> = {
  all: '',
  withArchived: 'includeArchived=true',
  service: 'serviceId=shop',
  environment: 'serviceId=shop&environment=production',
  status: 'status=FAILED',
  trigger: 'trigger=push',
  commit: 'commit=000c',
  time: 'since=2026-01-02T00:00:00Z&until=2026-03-01T00:00:00Z',
  rare: 'serviceId=blog&status=FAILED&trigger=schedule',
}

const api = await startApi()
try {
  process.stderr.write('fills …\n')
  await fill(api)
  const server = createAdaptorServer({ fetch: api.app.fetch }) as http.Server
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const lists: Record<string, unknown> = {}
  for (const [name, filter] of Object.entries(filters)) {
    process.stderr.write(`${name} …\n`)
    lists[name] = await measure(origin, filter, filter === '' ? deepest.all : deepest.filtered)
  }
  server.closeAllConnections()
  server.close()
  const machine = { cpus: os.cpus().length, model: os.cpus()[0]?.model, node: process.version }
  const result = { machine, deployments, pageSize, requestsEach: asked, lists }
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
  const folder = path.join(import.meta.dirname, 'results')
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'listing.json'), `${JSON.stringify(result, null, 2)}\n`)
} finally {
  await api.stop()
}
process.exit(0)

/** Both pages in turn, so that what else the machine does meets both alike. */
async function measure(origin: string, filter: string, deepPage: number) {
  const first = `${origin}/v1/deployments?${filter}&limit=${pageSize}`
  const { cursor, page, rows } = await walk(first, deepPage)
  const deep = cursor === undefined ? first : `${first}&cursor=${cursor}`
  const took = { first: [] as number[], deep: [] as number[] }
  for (let turn = 0; turn < asked; turn++) {
    for (const [name, url] of [
      ['first', first],
      ['deep', deep],
    ] as const) {
      const began = performance.now()
      await get(url)
      took[name].push(performance.now() - began)
    }
  }
  const figures: Record<'first' | 'deep', Figures> = {
    first: figuresOf(took.first),
    deep: figuresOf(took.deep),
  }
  return { page, rows, ...figures, ratioOfP95: round(figures.deep.p95Ms / figures.first.p95Ms) }
}

/** By its cursors, as a client does, to that page or the last one. */
async function walk(
  url: string,
  deepPage: number,
): Promise<{ cursor: string | undefined; page: number; rows: number }> {
  let cursor: string | undefined
  let rows = 0
  for (let page = 1; ; page++) {
    const { data, nextCursor } = await get(cursor === undefined ? url : `${url}&cursor=${cursor}`)
    rows += data.length
    if (nextCursor === null || page === deepPage) return { cursor, page, rows }
    cursor = nextCursor
  }
}

async function get(url: string): Promise<{ data: unknown[]; nextCursor: string | null }> {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as { data: unknown[]; nextCursor: string | null }
}

/** Two services with two environments each, all statuses and triggers, nine steps a deployment, one in 20 archived. */
async function fill(to: Api): Promise<void> {
  for (const service of ['shop', 'blog']) await addShop(to, service)
  const client = new pg.Client({ connectionString: to.databaseUrl })
  await client.connect()
  // Nobody is to be told of these, and no row needs to be looked up for another.
  await client.query('set session_replication_role = replica')
  for (const service of ['shop', 'blog'])
    await client.query(
      `insert into environments (service_id, environment, branch, domains, auto_deploy, config, host)
       select service_id, 'staging', branch, '{}', auto_deploy, config, host from environments
       where service_id = $1 and environment = 'production'`,
      [service],
    )
  await client.query(
    `insert into deployments (id, number, service_id, environment, status, trigger, ref, commit_sha, commit_message,
       workflow_id, queued_at, started_at, finished_at, archived_at, requested_by)
     select s || '.' || e || '.' || n, n, s, e, status, trigger, 'main', md5(n::text) || '00000000',
       'Change ' || n, 'deploy/' || s || '/' || e || '/' || n, at, at, at + interval '40 seconds',
       case when n % 20 = 0 then at + interval '1 day' end, 'ada'
     from (select n, case n % 4 when 3 then 'blog' else 'shop' end as s,
         case n % 5 when 4 then 'staging' else 'production' end as e,
         (array['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED', 'FAILED', 'CANCELED', 'SUPERSEDED'])[1 + n % 8] as status,
         (array['api', 'push', 'webhook', 'schedule', 'retry', 'rollback', 'archive'])[1 + n % 7] as trigger,
         timestamptz '2026-01-01' + n * interval '1 minute' as at
       from generate_series(1, $1::int) n) rows order by n`,
    [deployments],
  )
  await client.query(
    `insert into deployment_steps (deployment_id, position, name, status, attempt, started_at, finished_at)
     select d.id, p, (array['preflight', 'fetch', 'install', 'build', 'validate', 'migrate', 'reload', 'switch', 'cleanup'])[p + 1],
       'SUCCEEDED', 1, d.started_at, d.finished_at from deployments d cross join generate_series(0, 8) p`,
  )
  await client.query('vacuum analyze')
  await client.end()
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
