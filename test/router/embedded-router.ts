import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { embeddedRouter } from '../../adapters/router/embedded/index.ts'
import type { RunningRouter, StartRouter, SuiteLimits } from './suite.ts'
import { unusedPort } from './services.ts'

const entry = fileURLToPath(new URL('../../router/main.ts', import.meta.url))

const limitNames: Record<keyof SuiteLimits, string> = {
  maxConnections: 'SLUICE_ROUTER_MAX_CONNECTIONS',
  maxPerTarget: 'SLUICE_ROUTER_MAX_PER_TARGET',
  clientHeaderMs: 'SLUICE_ROUTER_CLIENT_HEADER_MS',
  clientBodyMs: 'SLUICE_ROUTER_CLIENT_BODY_MS',
  keepAliveMs: 'SLUICE_ROUTER_KEEP_ALIVE_MS',
  answerMs: 'SLUICE_ROUTER_ANSWER_MS',
  streamMs: 'SLUICE_ROUTER_STREAM_MS',
  lingerMs: 'SLUICE_ROUTER_LINGER_MS',
}

export interface EmbeddedRouter extends RunningRouter {
  holder: ChildProcess
  folder: string
  statePath: string
  env: NodeJS.ProcessEnv
  logged(): string
}

/** The router as it is started in production, in a folder of its own. */
export async function startEmbedded(env: NodeJS.ProcessEnv = {}): Promise<EmbeddedRouter> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'sluice-router-'))
  const full: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    SLUICE_ROUTER_PORT: String(await unusedPort()),
    SLUICE_ROUTER_STATE: path.join(folder, 'routes.json'),
    SLUICE_ROUTER_SOCKET: path.join(folder, 'router.sock'),
    SLUICE_ROUTER_STOP_MS: '3000',
    SLUICE_ROUTER_LAZY_CLOSE_MS: '1000',
    ...env,
  }
  return runHolder(folder, full)
}

export async function runHolder(folder: string, env: NodeJS.ProcessEnv): Promise<EmbeddedRouter> {
  const socketPath = env.SLUICE_ROUTER_SOCKET as string
  const holder = spawn(process.execPath, [entry], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  holder.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  holder.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const exited = once(holder, 'exit')
  const router = embeddedRouter({ socketPath, patienceMs: 8_000 })
  const failed = exited.then((): never => {
    throw new Error(`the router did not start: ${output}`)
  })
  failed.catch(() => {})
  // The process of a holder that was killed answers on the control socket until it has left.
  const started = async () => {
    while (!output.includes('router started')) await sleep(10)
    return router.health()
  }
  const { port } = await Promise.race([started(), failed]).catch(async (error: unknown) => {
    holder.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
    throw error
  })

  return {
    router,
    port,
    holder,
    folder,
    statePath: env.SLUICE_ROUTER_STATE as string,
    env,
    logged: () => output,
    async kill() {
      process.kill((await router.health()).pid, 'SIGKILL')
    },
    async replace() {
      const before = (await router.health()).pid
      holder.kill('SIGHUP')
      while ((await router.health()).pid === before) await sleep(20)
    },
    async stop() {
      if (holder.exitCode === null && holder.signalCode === null) holder.kill('SIGTERM')
      await exited
      // A router process whose holder was killed may still be keeping its compiled code there.
      await rm(folder, { recursive: true, force: true, maxRetries: 10 })
    },
  }
}

export const startRouter: StartRouter = ({ trustProxy = false, limits = {} } = {}) => {
  const env: NodeJS.ProcessEnv = trustProxy ? { SLUICE_ROUTER_TRUST_PROXY: '1' } : {}
  for (const [name, value] of Object.entries(limits))
    env[limitNames[name as keyof SuiteLimits]] = String(value)
  return startEmbedded(env)
}
