import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Problem } from '../../contract/problems.ts'
import { startTemporalServer } from '../temporal-server.ts'
import { createDatabase, startPostgres, type TestPostgres } from '../postgres.ts'
import { freePort } from '../free-ports.ts'

const main = path.join(import.meta.dirname, '..', '..', 'server', 'main.ts')
const token = 'slc_test-token-of-the-server-tests'

let postgres: TestPostgres
let databaseUrl = ''
let home = ''
let running: ChildProcess[] = []

beforeAll(async () => {
  postgres = await startPostgres()
  databaseUrl = await createDatabase(postgres.url)
  home = await mkdtemp(path.join(os.tmpdir(), 'sluice-main-'))
}, 60_000)
afterEach(async () => {
  for (const child of running) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  }
  running = []
})
afterAll(async () => {
  await postgres.stop()
  await rm(home, { recursive: true, force: true })
})

async function start(environment: Record<string, string> = {}) {
  const port = await freePort()
  const child = spawn(process.execPath, [main], {
    env: {
      PATH: process.env['PATH'],
      SLUICE_HOME: home,
      SLUICE_API_PORT: String(port),
      SLUICE_TOKEN: token,
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  running.push(child)
  const lines: Record<string, unknown>[] = []
  let errors = ''
  child.stderr!.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const ready = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const entry = JSON.parse(line) as Record<string, unknown>
      lines.push(entry)
      if (entry['msg'] === 'ready') resolve()
    })
  })
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>
  const url = `http://127.0.0.1:${port}`
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const ask = (to: string, init: RequestInit = {}) => fetch(url + to, { ...init, headers })
  return { child, lines, ready, exited, ask, errors: () => errors }
}

describe('the server process', () => {
  it('answers reads, and says what is down, while Temporal is away', async () => {
    const { ready, ask, lines } = await start()
    await ready
    expect(lines.find(({ msg }) => msg === 'ready')).toMatchObject({
      part: 'server',
      pid: expect.any(Number),
    })
    expect((await ask('/v1/services')).status).toBe(200)
    const readyz = await ask('/readyz')
    expect(readyz.status).toBe(503)
    expect(((await readyz.json()) as Problem).errors).toEqual([
      { pointer: '/temporal', message: 'does not answer' },
    ])
    expect(JSON.stringify(lines)).not.toContain(token)
  }, 30_000)

  it('looks at everything before it accepts, and accepts nothing without Temporal', async () => {
    const { ready, ask } = await start()
    await ready
    const source = { kind: 'git', url: 'https://127.0.0.1/a/b' }
    const refused = await ask('/v1/services', {
      method: 'POST',
      body: JSON.stringify({ serviceId: 'x', source }),
    })
    expect(refused.status).toBe(422)
    const unreachable = { kind: 'git', url: 'https://does-not-exist.invalid/a/b' }
    await ask('/v1/services', {
      method: 'POST',
      body: JSON.stringify({ serviceId: 'x', source: unreachable }),
    })
    await ask('/v1/services/x/environments/production', {
      method: 'PUT',
      body: JSON.stringify({ branch: 'main' }),
    })
    const wanted = JSON.stringify({ serviceId: 'x', environment: 'production' })
    const answer = await ask('/v1/deployments', { method: 'POST', body: wanted })
    expect(answer.status).toBe(422)
    expect(await answer.json()).toMatchObject({
      code: 'PreflightFailed',
      findings: [{ code: 'RepositoryUnreachable' }],
    })
  }, 30_000)

  it.each([
    ['SIGTERM', (child: ChildProcess) => child.kill('SIGTERM')],
    ['the end of its parent', (child: ChildProcess) => child.disconnect()],
  ])(
    'stops at once on %s, with requests kept open',
    async (_, stop) => {
      const { child, ready, ask, exited } = await start()
      await ready
      // Kept alive by the client, which would hold a careless server open.
      expect((await ask('/healthz')).status).toBe(200)
      stop(child)
      const [code] = await exited
      expect(code).toBe(0)
    },
    30_000,
  )

  it('is ready again soon after Temporal has come back', async () => {
    const port = await freePort()
    const { ready, ask } = await start({ TEMPORAL_ADDRESS: `127.0.0.1:${port}` })
    await ready
    // Long enough for a back-off that grows.
    for (let n = 0; n < 4; n++) expect((await ask('/readyz')).status).toBe(503)
    const temporal = await startTemporalServer()
    const gateway = net.createServer((socket) => {
      const upstream = net.connect(Number(temporal.address.split(':')[1]), '127.0.0.1')
      socket.pipe(upstream).pipe(socket)
      socket.on('error', () => upstream.destroy())
      upstream.on('error', () => socket.destroy())
    })
    gateway.listen(port, '127.0.0.1')
    const patience = Date.now() + 20_000
    while ((await ask('/readyz')).status !== 200) expect(Date.now()).toBeLessThan(patience)
    gateway.close()
    await temporal.stop()
  }, 90_000)

  it('says which setting is wrong', async () => {
    const { exited, errors } = await start({ DATABASE_URL: '' })
    const [code] = await exited
    expect(code).not.toBe(0)
    expect(errors()).toContain('DATABASE_URL')
  }, 30_000)

  it('makes a token of its own when none is set', async () => {
    const { ready, ask, lines } = await start({ SLUICE_TOKEN: '' })
    await ready
    expect((await ask('/v1/services')).status).toBe(401)
    expect(JSON.stringify(lines)).not.toContain('slc_')
  }, 30_000)
})
