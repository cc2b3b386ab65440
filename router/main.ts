// The holder: keeps the listening socket and keeps a router process on it. Deliberately small, as this is the one
// part whose death closes the port.
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ListeningSocket } from './listening-socket.ts'
import { BindFailure, bindListeningSocket } from './listening-socket.ts'
import { log } from './log.ts'
import { RouterProcess } from './router-process.ts'
import type { RouterSettings } from './settings.ts'
import { readSettings } from './settings.ts'

/** A router process whose holder died frees the port as soon as it notices. */
const bindPatienceMs = 10_000
const longestPauseMs = 5_000
/** The spare loads its code when the one that serves has settled. */
const spareAfterMs = 200

const processes = new Set<RouterProcess>()
let current: RouterProcess | undefined
/** Has loaded its code and waits, so that a router process that is killed is replaced in milliseconds. */
let spare: RouterProcess | undefined
let spareTimer: NodeJS.Timeout | undefined
let stopping = false
let replacing = false
let pauseMs = 0

const settings = settingsOrExit()
const listener = await bind()
run()

process.on('SIGTERM', () => void stop())
process.on('SIGINT', () => void stop())
process.on('SIGHUP', () => void replace())

function settingsOrExit(): RouterSettings {
  try {
    return readSettings(process.env)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exit(78)
  }
}

async function bind(): Promise<ListeningSocket> {
  const deadline = Date.now() + bindPatienceMs
  for (;;) {
    try {
      return bindListeningSocket(settings.address, settings.port)
    } catch (error) {
      const taken = error instanceof BindFailure && -error.errno === os.constants.errno.EADDRINUSE
      if (!taken || Date.now() > deadline) {
        process.stderr.write(`${(error as Error).message}\n`)
        process.exit(1)
      }
      await sleep(50)
    }
  }
}

function start(): RouterProcess {
  const started = new RouterProcess(listener.fd, path.dirname(settings.statePath))
  processes.add(started)
  void started.ended.then(() => processes.delete(started))
  return started
}

/** Lets a router process serve, and another one whenever it ends: at once if it had served, else after a pause. */
function run(): void {
  const next = spare ?? start()
  spare = undefined
  keep(next)
  void next.go().then((ready) => ready && settled())
}

function keep(kept: RouterProcess): void {
  current = kept
  void kept.ended.then(({ code, signal }) => {
    if (stopping || kept !== current) return
    log('router process ended', { child: kept.pid, code, signal, restartInMs: pauseMs })
    if (pauseMs === 0) run()
    else setTimeout(() => !stopping && kept === current && run(), pauseMs)
    pauseMs = Math.min(longestPauseMs, pauseMs * 2 || 100)
  })
}

function settled(): void {
  pauseMs = 0
  if (settings.spare) prepareSpare(spareAfterMs)
}

function prepareSpare(afterMs: number): void {
  clearTimeout(spareTimer)
  spareTimer = setTimeout(() => {
    if (stopping || spare) return
    const prepared = start()
    spare = prepared
    void prepared.ended.then(() => {
      if (spare !== prepared) return
      spare = undefined
      prepareSpare(longestPauseMs)
    })
  }, afterMs)
}

/** For an upgrade of the code: the new process serves before the old one begins to leave. */
async function replace(): Promise<void> {
  if (stopping || replacing) return
  replacing = true
  const successor = start()
  // The old one stops changing routes only when the new one has loaded its code, and before it reads the state.
  const loaded = await successor.loaded()
  if (loaded) await current?.handOver()
  const ready = loaded && (await successor.go())
  replacing = false
  if (stopping) return
  if (!ready) {
    log('successor did not become ready; the router process stays', { child: successor.pid })
    successor.kill('SIGKILL')
    current?.tell('resume')
    return
  }
  keep(successor)
  spare?.kill('SIGKILL') // it has loaded the old code
  spare = undefined
  for (const old of processes) if (old !== successor) old.tell('leave')
  settled()
}

async function stop(): Promise<void> {
  if (stopping) return
  stopping = true
  clearTimeout(spareTimer)
  listener.close()
  const ends = [...processes].map(({ ended }) => ended)
  for (const running of processes) running.kill('SIGTERM')
  // A little longer than the router process itself may take.
  await Promise.race([Promise.all(ends), sleep(settings.limits.stopMs + 5_000)])
  for (const running of processes) running.kill('SIGKILL')
  process.exit(0)
}
