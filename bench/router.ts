import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { embeddedRouter } from '../adapters/router/embedded/index.ts'
import type { Router } from '../ports/router.ts'
import { freePorts } from '../test/free-ports.ts'

const wrk = '/usr/bin/wrk'
const nginx = '/usr/sbin/nginx'
const entry = fileURLToPath(new URL('../router/main.ts', import.meta.url))

const connections = 32
const seconds = 4
const rounds = 3
const host = 'bench.localhost'

interface Figures {
  requestsPerSecond: number
  p50Ms: number
  p99Ms: number
  /** Microseconds of user and system time; tells more than the rate when the machine does other work as well. */
  cpuUsPerRequest?: number
}

/**
 * The router against nginx and against no proxy at all, on one machine and in one run; the absolute figures say
 * little, the ratios more. The back end is an nginx, so that it is never what is slow.
 */
export async function benchRouter(): Promise<Record<string, unknown>> {
  for (const tool of [wrk, nginx]) if (!existsSync(tool)) return { skipped: `${tool} is not installed` }
  const folder = await mkdtemp(path.join(os.tmpdir(), 'sluice-bench-'))
  const ends: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  try {
    const [direct, nginxPort, routerPort] = await freePorts(3)
    const ports = { direct: direct!, nginx: nginxPort!, router: routerPort! }
    const behind = await startNginx(folder, 'backend', backend(ports.direct, folder))
    ends.unshift(behind.stop)
    const peer = await startNginx(folder, 'proxy', proxy(ports.nginx, ports.direct))
    ends.unshift(peer.stop)
    const { router, stop } = await startRouter(folder, ports.router)
    ends.unshift(stop)
    await switchTo(router, ports.direct, 1)
    const pids = { nginx: peer.pid, router: (await router.health()).pid }

    const result: Record<string, unknown> = { connections, seconds, rounds }
    for (const [name, file] of [
      ['small answers (256 bytes)', '/small'],
      ['large answers (64 KB)', '/large'],
    ] as const) {
      const figures = { direct: [] as Figures[], nginx: [] as Figures[], router: [] as Figures[] }
      // In turn, so that whatever else the machine does meets all of them.
      for (let round = 0; round < rounds; round++) {
        for (const proxied of ['direct', 'nginx', 'router'] as const) {
          const pid = proxied === 'direct' ? undefined : pids[proxied]
          figures[proxied].push(await measure(ports[proxied], file, pid))
        }
      }
      const [direct, viaNginx, viaRouter] = [
        middle(figures.direct),
        middle(figures.nginx),
        middle(figures.router),
      ]
      result[name] = {
        direct,
        nginx: viaNginx,
        router: viaRouter,
        routerToNginx: ratio(viaRouter, viaNginx),
        routerToDirect: ratio(viaRouter, direct),
      }
    }
    result.switch = await measureSwitches(router, ports.direct)
    return result
  } finally {
    for (const end of ends) await end()
  }
}

async function measure(port: number, file: string, pid: number | undefined): Promise<Figures> {
  const before = cpuMicroseconds(pid)
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-H', `Host: ${host}`]
  const child = spawn(wrk, [...args, `http://127.0.0.1:${port}${file}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await once(child, 'close')
  if (/Non-2xx|Socket errors/.test(text)) throw new Error(`errors while measuring port ${port}:\n${text}`)
  const milliseconds = (percentile: string) => {
    const [, value = 'NaN', unit = ''] = new RegExp(`${percentile}%\\s+([\\d.]+)(us|ms|s)`).exec(text) ?? []
    return Number(value) * ({ us: 0.001, ms: 1, s: 1_000 }[unit] ?? Number.NaN)
  }
  const [, requestsPerSecond] = /Requests\/sec:\s+([\d.]+)/.exec(text) ?? []
  const [, requests] = /(\d+) requests in/.exec(text) ?? []
  const cpu = (cpuMicroseconds(pid) - before) / Number(requests)
  return {
    requestsPerSecond: Number(requestsPerSecond),
    p50Ms: milliseconds('50'),
    p99Ms: milliseconds('99'),
    ...(Number.isNaN(cpu) ? {} : { cpuUsPerRequest: rounded(cpu) }),
  }
}

/** Fields 14 and 15 of /proc/PID/stat, in hundredths of a second; NaN where there is no such file. */
function cpuMicroseconds(pid: number | undefined): number {
  const file = `/proc/${pid}/stat`
  if (pid === undefined || !existsSync(file)) return Number.NaN
  const fields = readFileSync(file, 'latin1').split(') ').at(-1)?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

/** Milliseconds from asking for a switch until it is durable and live. */
async function measureSwitches(router: Router, port: number): Promise<Record<string, number>> {
  const times: number[] = []
  for (let deployment = 2; deployment <= 41; deployment++) {
    const started = performance.now()
    await switchTo(router, port, deployment)
    times.push(performance.now() - started)
  }
  times.sort((a, b) => a - b)
  return { medianMs: rounded(times[20] ?? Number.NaN), worstMs: rounded(times.at(-1) ?? Number.NaN) }
}

function switchTo(router: Router, port: number, deployment: number) {
  return router.change({
    route: 'bench/production',
    fence: { deployment, revision: 0 },
    hosts: [host],
    target: { instance: `bench-${deployment}`, host: '127.0.0.1', port },
  })
}

async function startRouter(
  folder: string,
  port: number,
): Promise<{ router: Router; stop: () => Promise<unknown> }> {
  const socketPath = path.join(folder, 'router.sock')
  const holder = spawn(process.execPath, [entry], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PATH: process.env.PATH,
      SLUICE_ROUTER_PORT: String(port),
      SLUICE_ROUTER_STATE: path.join(folder, 'routes.json'),
      SLUICE_ROUTER_SOCKET: socketPath,
      SLUICE_ROUTER_STOP_MS: '1000',
    },
  })
  const exited = once(holder, 'exit')
  const router = embeddedRouter({ socketPath, patienceMs: 10_000 })
  await router.health()
  return {
    router,
    stop: () => {
      holder.kill('SIGTERM')
      return exited
    },
  }
}

async function startNginx(
  folder: string,
  name: string,
  server: string,
): Promise<{ pid: number | undefined; stop: () => Promise<unknown> }> {
  const file = path.join(folder, `${name}.conf`)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${folder}/${name}-${kind};`)
    .join('\n')
  await writeFile(path.join(folder, 'small'), 'x'.repeat(256))
  await writeFile(path.join(folder, 'large'), 'x'.repeat(65_536))
  await writeFile(
    file,
    `daemon off; master_process off; pid ${folder}/${name}.pid; error_log ${folder}/${name}.log;
     ${process.getuid?.() === 0 ? 'user root;' : ''}
     events { worker_connections 1024; }
     http { access_log off; keepalive_requests 1000000000; ${temporary} ${server} }`,
  )
  const check = spawnSync(nginx, ['-t', '-c', file, '-e', `${folder}/${name}.log`], { encoding: 'utf8' })
  if (check.status !== 0) throw new Error(check.stderr)
  const child = spawn(nginx, ['-c', file, '-e', `${folder}/${name}.log`], { stdio: 'ignore' })
  const exited = once(child, 'exit')
  await sleep(300)
  return {
    pid: child.pid,
    stop: () => {
      child.kill('SIGTERM')
      return exited
    },
  }
}

const backend = (port: number, root: string) => `server { listen 127.0.0.1:${port}; root ${root}; }`

const proxy = (port: number, to: number) => `
  upstream release { server 127.0.0.1:${to}; keepalive 64; keepalive_requests 1000000000; }
  server { listen 127.0.0.1:${port}; location / {
    proxy_pass http://release; proxy_http_version 1.1; proxy_set_header Connection "";
    proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header X-Request-Id $request_id;
  } }`

const middle = (figures: Figures[]): Figures =>
  figures.toSorted((a, b) => a.requestsPerSecond - b.requestsPerSecond)[
    Math.floor(figures.length / 2)
  ] as Figures
const rounded = (value: number) => Math.round(value * 100) / 100
const ratio = (a: Figures, b: Figures) => rounded(a.requestsPerSecond / b.requestsPerSecond)
