import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { homePaths } from '../../contract/settings.ts'
import { readLiveRecord, type RunRecord } from '../../stack/run-record.ts'
import { freePorts } from '../free-ports.ts'

const launcher = path.join(import.meta.dirname, '..', '..', 'bin', 'sluice.js')

export type RunningPart = 'up' | 'server' | 'worker' | 'agent' | 'router' | 'temporal' | 'postgres'

export interface ApiAnswer<T> {
  status: number
  headers: Headers
  body: T
}

export interface CliAnswer {
  exitCode: number
  stdout: string
  stderr: string
}

/** A whole Sluice of its own: real processes, a temporary home, random ports. */
export interface Sluice {
  home: string
  url: string
  routerPort: number
  temporalAddress: string
  token: string
  /** What its processes were given; for `sluice` commands against it. */
  environment: NodeJS.ProcessEnv
  api<T = any>(
    method: string,
    route: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<ApiAnswer<T>>
  /** Lines of a stream, read to its end. */
  ndjson(route: string): Promise<Record<string, unknown>[]>
  cli(...args: string[]): Promise<CliAnswer>
  /** @throws Error when it does not run */
  part(name: RunningPart): RunRecord
  /** Signals the process; resolves at once. */
  killPart(name: RunningPart, signal: NodeJS.Signals): RunRecord
  /** Resolves when another process than `earlier` runs as this part. */
  waitForPart(name: RunningPart, earlier?: RunRecord): Promise<RunRecord>
  /** What `up` wrote so far. */
  log(): string
  /** Ends `up` with this signal; resolves when it has ended. Router and services go on. */
  stopUp(signal?: NodeJS.Signals): Promise<void>
  /** Starts `up` again for the same home, after it was killed or stopped. */
  startAgain(): Promise<void>
  /**
   * As a power cut: kills every process of the home, `up`, router and services included, and empties its run folder.
   * Where the machine lets us, all that is started from now on believes in another boot.
   */
  cutPower(): Promise<{ newBoot: boolean }>
  /** Both in turn. */
  restart(signal: NodeJS.Signals): Promise<void>
  /** A folder that `stop` removes. */
  onStop(folder: string): void
  /** Ends everything, asserts that nothing of the home runs any more, and removes the home. */
  stop(): Promise<void>
}

export interface StartOptions {
  env?: Record<string, string>
  /** A folder of one's own; it is not removed. */
  home?: string
  /** Milliseconds until it must be ready. */
  readyWithin?: number
}

export async function startSluice(options: StartOptions = {}): Promise<Sluice> {
  const home = options.home ?? (await temporaryHome())
  const [api, router, temporal, ui, postgres] = await freePorts(5)
  const environment: NodeJS.ProcessEnv = {
    ...cleanEnvironment(),
    SLUICE_HOME: home,
    SLUICE_API_PORT: String(api),
    SLUICE_ROUTER_PORT: String(router),
    SLUICE_TEMPORAL_PORT: String(temporal),
    SLUICE_TEMPORAL_UI_PORT: String(ui),
    SLUICE_POSTGRES_PORT: String(postgres),
    SLUICE_FIRST_DEPLOY: 'off',
    // A new release is watched only where that is the subject.
    SLUICE_SOAK: '0',
    ...options.env,
  }
  const readyWithin = options.readyWithin ?? 90_000
  let boot: string[] = []
  let run = await launch(environment, readyWithin)
  const logs: string[] = []
  const scratch: string[] = []
  const url = `http://127.0.0.1:${environment['SLUICE_API_PORT']}`
  const token = environment['SLUICE_TOKEN'] ?? (await readFile(homePaths(home).token, 'utf8')).trim()

  const part = (name: RunningPart): RunRecord => {
    const record = readLiveRecord(home, name)
    if (!record) throw new Error(`${name} does not run:\n${run.log()}`)
    return record
  }
  const stopUp = async (signal: NodeJS.Signals = 'SIGTERM') => {
    process.kill(part('up').pid, signal)
    await run.ended
  }
  const startAgain = async () => {
    logs.push(run.log())
    run = await launch(environment, readyWithin, boot)
  }
  return {
    home,
    url,
    token,
    temporalAddress: environment['TEMPORAL_ADDRESS'] ?? `127.0.0.1:${environment['SLUICE_TEMPORAL_PORT']}`,
    environment,
    routerPort: Number(environment['SLUICE_ROUTER_PORT']),
    part,
    async api(method, route, body, headers) {
      const answer = await callApi<any>(url + route, token, method, body, headers)
      // The answer says only where to look, and the home is gone when the test has failed.
      if (answer.status === 500) console.error(run.log().split('\n').slice(-40).join('\n'))
      return answer
    },
    async ndjson(route) {
      const answer = await callApi<string>(url + route, token, 'GET', undefined, {
        accept: 'application/x-ndjson',
      })
      const lines = answer.body.split('\n').filter(Boolean)
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    },
    cli: (...args) => callCli(args, environment, boot),
    killPart(name, signal) {
      const record = part(name)
      process.kill(record.pid, signal)
      return record
    },
    waitForPart: (name, earlier) => waitForPart(home, name, earlier, run.log),
    log: () => [...logs, run.log()].join(''),
    stopUp,
    startAgain,
    async cutPower() {
      // Again and again: somebody may just be starting somebody else.
      for (let left = await pidsOf(home); left.length > 0; left = await pidsOf(home))
        for (const pid of left) if (isThere(pid)) process.kill(pid, 'SIGKILL')
      await run.ended
      const { run: runFolder } = homePaths(home)
      for (const name of await readdir(runFolder)) await rm(path.join(runFolder, name), { recursive: true })
      boot = await otherBoot(home)
      return { newBoot: boot.length > 0 }
    },
    async restart(signal) {
      await stopUp(signal)
      await startAgain()
    },
    onStop: (folder) => void scratch.push(folder),
    async stop() {
      const answer = await callCli(['down'], environment, boot)
      await run.ended
      const left = await processesOf(home)
      if (answer.exitCode !== 0 || left.length > 0) {
        throw new Error(`sluice down: ${answer.stderr}\nleft: ${left.join('\n')}\nlog: ${run.log()}`)
      }
      if (!options.home) scratch.push(home)
      for (const folder of scratch) await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Short, because a Unix socket lies in it; passable, because services run as users of their own. */
export async function temporaryHome(): Promise<string> {
  const home = await mkdtemp(path.join(os.tmpdir(), 'sluice-'))
  await chmod(home, 0o711)
  await lendTemporal(home)
  await lendBundles(home)
  return home
}

/** Fetching the Temporal server takes seconds each time: a home gets the one that these tests have fetched, if any. */
async function lendTemporal(home: string): Promise<void> {
  const fetched = path.join(cache, 'tools', 'temporal')
  if (!existsSync(fetched)) return
  const { tools } = homePaths(home)
  await mkdir(tools, { recursive: true, mode: 0o711 })
  await symlink(fetched, path.join(tools, 'temporal'))
}

/** To bundle the workflows and the pages takes seconds of a busy machine. Bundles are named after what is in them. */
async function lendBundles(home: string): Promise<void> {
  const shared = path.join(cache, 'bundles')
  await mkdir(shared, { recursive: true })
  await symlink(shared, homePaths(home).bundles)
}

const cache = path.join(import.meta.dirname, '..', '..', '.cache')

/** Runs `sluice` with these arguments; a failing command is an answer too. */
export async function callCli(
  args: string[],
  environment: NodeJS.ProcessEnv,
  before: string[] = [],
): Promise<CliAnswer> {
  const [program = '', ...words] = [...before, process.execPath, launcher, ...args]
  try {
    const { stdout, stderr } = await promisify(execFile)(program, words, {
      env: environment,
      maxBuffer: 64 * 1024 * 1024,
    })
    return { exitCode: 0, stdout, stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { exitCode: code, stdout, stderr }
  }
}

/** Without what a developer or a test run has set: settings, CI, colours. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const ours = /^(SLUICE_|TEMPORAL_|DATABASE_URL$|NODE_OPTIONS$|NODE_ENV$|CI$|VITEST|FORCE_COLOR$)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)))
}

async function launch(environment: NodeJS.ProcessEnv, readyWithin: number, before: string[] = []) {
  const [program, ...words] = [...before, process.execPath, launcher, 'up']
  const child = spawn(program, words, {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  let exited = false
  const ended = new Promise<void>((resolve) => {
    // Not `close`: the router keeps nothing of ours, but a part that is being ended may hold the pipe for a moment.
    child.once('exit', () => {
      exited = true
      resolve()
    })
  })
  // A test run that is interrupted must not leave it behind.
  const endWithUs = () => child.kill('SIGTERM')
  process.once('exit', endWithUs)
  void ended.then(() => process.off('exit', endWithUs))
  const deadline = Date.now() + readyWithin
  while (!output.includes('Sluice is ready')) {
    if (exited) throw new Error(`sluice up ended:\n${output}`)
    if (Date.now() > deadline) {
      child.kill('SIGTERM')
      await ended
      throw new Error(`sluice up was not ready within ${readyWithin} ms:\n${output}`)
    }
    await sleep(20)
  }
  return { ended, log: () => output }
}

async function callApi<T>(
  url: string,
  token: string,
  method: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<ApiAnswer<T>> {
  const answer = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await answer.text()
  const isJson = /[/+]json/.test(answer.headers.get('content-type') ?? '')
  return {
    status: answer.status,
    headers: answer.headers,
    body: (isJson && text ? JSON.parse(text) : text) as T,
  }
}

async function waitForPart(
  home: string,
  name: RunningPart,
  earlier: RunRecord | undefined,
  log: () => string,
) {
  const deadline = Date.now() + 60_000
  for (;;) {
    const record = readLiveRecord(home, name)
    if (record && !(earlier && isSame(record, earlier))) return record
    if (Date.now() > deadline) throw new Error(`${name} did not come back:\n${log()}`)
    await sleep(20)
  }
}

const isSame = (a: RunRecord, b: RunRecord): boolean => a.pid === b.pid && a.started === b.started

/** Words before a command that make it see another boot id; none where that takes rights that we do not have. */
async function otherBoot(home: string): Promise<string[]> {
  const file = path.join(home, 'boot-id')
  await writeFile(file, `${randomUUID()}\n`)
  const script = 'mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"'
  const before = ['unshare', '--mount', 'sh', '-c', script, file]
  const [program, ...words] = [...before, 'cat', '/proc/sys/kernel/random/boot_id']
  const seen = await promisify(execFile)(program, words).catch(() => undefined)
  return seen?.stdout === (await readFile(file, 'utf8')) ? before : []
}

const pidsOf = async (home: string): Promise<number[]> =>
  (await processesOf(home)).map((line) => Number.parseInt(line, 10))

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Processes that work in the home, run something of it, or were told its path. */
async function processesOf(home: string): Promise<string[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter(
    (name) => /^\d+$/.test(name) && Number(name) !== process.pid,
  )
  const found = await Promise.all(pids.map((pid) => describe(pid, home)))
  return found.filter((line) => line !== undefined)
}

async function describe(pid: string, home: string): Promise<string | undefined> {
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
  const folder = await readlink(`/proc/${pid}/cwd`).catch(() => '')
  const isOurs = [command, environment, folder].some((text) => text.includes(home))
  return isOurs ? `${pid} ${command.replaceAll('\0', ' ')}` : undefined
}
