import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { searchAttributeNames } from '../contract/names.ts'
import { temporalBinary } from '../stack/temporal-binary.ts'
import { freePort } from './free-ports.ts'

export interface TemporalServer {
  address: string
  signal(signal: NodeJS.Signals): void
  stop(): Promise<void>
}

/** A real dev server, in memory, on random ports; tuned as `sluice up` tunes its own. */
export async function startTemporalServer(): Promise<TemporalServer> {
  const binary = await temporalBinary({
    toolsDirectory: path.join(import.meta.dirname, '..', '.cache', 'tools'),
    say: (_, text) => process.stderr.write(`${text}\n`),
  })
  const home = await mkdtemp(path.join(os.tmpdir(), 'sluice-temporal-'))
  const port = await freePort()
  const server = spawn(
    binary,
    [
      ...[
        'server',
        'start-dev',
        '--headless',
        '--ip',
        '127.0.0.1',
        '--port',
        String(port),
        '--log-level',
        'never',
      ],
      ...searchAttributeNames.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
      ...['history.transferProcessorMaxPollRPS=2000', 'history.timerProcessorMaxPollRPS=2000'].flatMap(
        (value) => ['--dynamic-config-value', value],
      ),
    ],
    { stdio: 'ignore', env: { PATH: process.env['PATH'], HOME: home } },
  )
  const address = `127.0.0.1:${port}`
  while (!(await accepts(port))) {
    if (server.exitCode !== null) throw new Error(`temporal ended with ${server.exitCode}`)
    await wait(20)
  }
  return {
    address,
    signal: (signal) => void server.kill(signal),
    async stop() {
      const gone = new Promise((resolve) => server.once('exit', resolve))
      server.kill('SIGKILL')
      await gone
      await rm(home, { recursive: true, force: true })
    },
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
