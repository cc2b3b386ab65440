import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { homePaths, type Settings } from '../../contract/settings.ts'
import { isGone } from '../../stack/end-process.ts'
import { identityOf } from '../../stack/identity.ts'
import { dataFolder } from '../../stack/postgres-binaries.ts'
import { linkLibraries } from '../../stack/postgres-embedded.ts'
import { postgresRuns, startPostgres, stopPostgres } from '../../stack/postgres.ts'
import { findPostmaster } from '../../stack/postmaster.ts'
import { freePorts } from '../free-ports.ts'
import { freshSettings, temporaryFolder } from './settings-of.ts'

const say = () => {}

async function settingsWithServer(environment?: Record<string, string>): Promise<Settings> {
  const settings = await freshSettings(environment)
  onTestFinished(async () => void (await stopPostgres(settings.home)))
  return settings
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[]
  } finally {
    await client.end()
  }
}

const running = ({ home }: Settings) => findPostmaster(dataFolder(home))!

test.for(['auto', 'embedded'])(
  '%s: made at the first start, kept for the second',
  { timeout: 60_000 },
  async (kind) => {
    const settings = await settingsWithServer({ SLUICE_POSTGRES: kind })
    const url = await startPostgres(settings, say)
    await query(url, 'create table kept (id int)')
    const [row] = await query(
      url,
      "select current_setting('server_encoding') as encoding, current_setting('lc_collate', true) as c",
    )
    expect(row).toMatchObject({ encoding: 'UTF8' })
    const first = running(settings)
    expect(await stopPostgres(settings.home)).toBe(true)
    expect(await isGone(first, 0)).toBe(true)
    expect(await startPostgres(settings, say)).toBe(url)
    expect(await query(url, 'select * from kept')).toEqual([])
    expect(running(settings).pid).not.toBe(first.pid)
  },
)

test('the server that runs already is taken over', { timeout: 60_000 }, async () => {
  const settings = await settingsWithServer()
  await startPostgres(settings, say)
  const { pid } = running(settings)
  await startPostgres(settings, say)
  expect(running(settings).pid).toBe(pid)
})

test('another port starts it anew with the same data', { timeout: 60_000 }, async () => {
  const settings = await settingsWithServer()
  await query(await startPostgres(settings, say), 'create table kept (id int)')
  const [port] = await freePorts(1)
  const moved = { ...settings, postgresPort: port! }
  expect(await query(await startPostgres(moved, say), 'select * from kept')).toEqual([])
  expect(running(moved).port).toBe(port)
})

test('a server killed with -9 comes back with what was committed', { timeout: 60_000 }, async () => {
  const settings = await settingsWithServer()
  const url = await startPostgres(settings, say)
  await query(url, 'create table kept (id int); insert into kept values (1)')
  process.kill(running(settings).pid, 'SIGKILL')
  await startPostgres(settings, say)
  expect(await query(url, 'select id from kept')).toEqual([{ id: 1 }])
})

test(
  "a stale record whose pid is a stranger's now does not keep it from starting",
  { timeout: 60_000 },
  async () => {
    const settings = await settingsWithServer()
    await startPostgres(settings, say)
    const record = path.join(dataFolder(settings.home), 'postmaster.pid')
    const lines = readFileSync(record, 'utf8').split('\n')
    await stopPostgres(settings.home)
    writeFileSync(record, [String(process.pid), ...lines.slice(1)].join('\n'))
    expect(postgresRuns(settings.home)).toBe(false)
    await startPostgres(settings, say)
    expect(identityOf(process.pid)).toBeDefined()
  },
)

test('a killed initdb leaves nothing that the next start trips over', { timeout: 60_000 }, async () => {
  const settings = await settingsWithServer()
  const { postgres } = homePaths(settings.home)
  mkdirSync(path.join(postgres, 'unfinished-1', 'data', 'base'), { recursive: true })
  await startPostgres(settings, say)
  expect(readdirSync(postgres)).toEqual(['data'])
})

test(
  'it listens on loopback only and asks for the password, which only its owner may read',
  { timeout: 60_000 },
  async () => {
    const settings = await settingsWithServer()
    const url = new URL(await startPostgres(settings, say))
    expect((await query(url.href, 'show listen_addresses'))[0]).toEqual({ listen_addresses: '127.0.0.1' })
    expect((statSync(homePaths(settings.home).postgresPassword).mode & 0o777).toString(8)).toBe('600')
    url.password = 'wrong'
    await expect(query(url.href, 'select 1')).rejects.toThrow('password authentication failed')
    const command =
      process.platform === 'linux' ? readFileSync(`/proc/${running(settings).pid}/cmdline`, 'utf8') : ''
    expect(command).not.toContain(readFileSync(homePaths(settings.home).postgresPassword, 'utf8').trim())
  },
)

test('DATABASE_URL starts nothing, and the message hides its password', { timeout: 60_000 }, async () => {
  const own = await settingsWithServer()
  const url = await startPostgres(own, say)
  const other = await freshSettings({ DATABASE_URL: url })
  expect(await startPostgres(other, say)).toBe(url)
  expect(existsSync(dataFolder(other.home))).toBe(false)
  const wrong = new URL(url)
  wrong.password = 'hunter2'
  const refused = startPostgres({ ...other, databaseUrl: wrong.href }, say)
  await expect(refused).rejects.toThrow(`127.0.0.1:${own.postgresPort}/sluice`)
  await expect(refused).rejects.not.toThrow('hunter2')
})

test('data of a version that is not there any more is not touched', async () => {
  const settings = await freshSettings()
  mkdirSync(dataFolder(settings.home))
  writeFileSync(path.join(dataFolder(settings.home), 'PG_VERSION'), '9\n')
  await expect(startPostgres(settings, say)).rejects.toThrow('was made by PostgreSQL 9')
})

test('the library links that npm cannot hold are made, once', async () => {
  const folder = await temporaryFolder()
  mkdirSync(path.join(folder, 'native', 'lib'), { recursive: true })
  writeFileSync(path.join(folder, 'native', 'lib', 'libpq.so.5.18'), 'library')
  const links = [{ source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' }]
  writeFileSync(path.join(folder, 'native', 'pg-symlinks.json'), JSON.stringify(links))
  linkLibraries(folder)
  linkLibraries(folder)
  expect(readFileSync(path.join(folder, 'native', 'lib', 'libpq.so.5'), 'utf8')).toBe('library')
  rmSync(path.join(folder, 'native'), { recursive: true })
})
