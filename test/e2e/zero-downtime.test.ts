import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDatabase, startPostgres } from '../postgres.ts'
import { openSocket, openStream, startLoad } from './load.ts'
import { deploymentWhen, finished, makeService, until } from './service.ts'
import type { Sluice } from './sluice.ts'
import { useSluice } from './use-sluice.ts'

/** Seconds that open WebSockets and streams get at a switch. */
const drain = 6

let postgres: Awaited<ReturnType<typeof startPostgres>>
beforeAll(async () => {
  postgres = await startPostgres()
}, 60_000)
afterAll(() => postgres?.stop())
// After the database, and so stopped before it.
let sluice: Sluice
const root = useSluice((started) => {
  sluice = started
})

test(
  'v1 → v2 → v3 of a real service under load: no request fails, a WebSocket gets its drain',
  { timeout: 240_000 },
  async () => {
    const DATABASE_URL = await createDatabase(postgres.url)
    const service = await makeService(sluice, root.directory, 'shop', {
      fixture: 'shop',
      variables: { DATABASE_URL },
    })
    const config = { health: { path: '/healthz' }, hooks: { migrate: 'node migrate.js' }, drain }
    await service.environment('production', { config })
    expect(await service.deploy()).toMatchObject({ status: 'SUCCEEDED', live: true })
    expect(await service.get()).toEqual({ status: 200, text: 'v1' })

    const load = startLoad(sluice, 'shop.localhost')
    for (const version of ['v2', 'v3']) {
      const socket = await openSocket(sluice, 'shop.localhost')
      const stream = openStream(sluice, 'shop.localhost')
      await until(() => stream.events() > 0)
      service.repository.commit({ 'version.txt': `${version}\n` })
      const { id } = await service.start()
      await deploymentWhen(sluice, id, ({ live, failure }) => live || failure !== null)
      const liveAt = Date.now()
      // It was opened to the old release, which goes on answering it until its drain is over.
      await until(() => socket.answers.length > 20)
      const [{ at: socketClosedAt }, { at: streamEndedAt }] = await Promise.all([socket.closed, stream.ended])
      expect(socketClosedAt - liveAt).toBeGreaterThan((drain - 1) * 1000)
      expect(streamEndedAt - liveAt).toBeGreaterThan((drain - 1) * 1000)
      expect(await finished(sluice, id)).toMatchObject({ status: 'SUCCEEDED', live: true })
      socket.close()
      stream.close()
    }
    const report = await load.stop()
    expect(report.wrong).toEqual([])
    expect(Object.keys(report.versions).toSorted()).toEqual(['v1', 'v2', 'v3'])
    expect(report.answered).toBeGreaterThan(1000)

    const client = new pg.Client({ connectionString: DATABASE_URL })
    await client.connect()
    const { rows } = await client.query<{ version: string }>('select version from migrations')
    await client.end()
    expect(rows.map(({ version }) => version)).toEqual(['v1', 'v2', 'v3'])
  },
)
