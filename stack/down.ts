import { spawn } from 'node:child_process'
import { homePaths, type Settings } from '../contract/settings.ts'
import { endProcess } from './end-process.ts'
import { eachLine } from './lines.ts'
import { endOrphans } from './orphans.ts'
import { stopPostgres } from './postgres.ts'
import { entryOf } from './program.ts'
import { stopRouter } from './router.ts'
import { liveRecords, readLiveRecord, removeRecord } from './run-record.ts'
import type { Say } from './say.ts'
import { StackError } from './stack-error.ts'
import { stopTemporal } from './temporal.ts'

/** Milliseconds that `up` may take: its parts get ten seconds, PostgreSQL fifteen. */
const upGrace = 40_000

/** Milliseconds that the deployed services may take; each drains for up to fifteen minutes if so configured. */
const servicesGrace = 16 * 60_000

/** Ends everything of the home: `up` and its parts, the router, the deployed services, Temporal, PostgreSQL. */
export async function down(settings: Settings, say: Say): Promise<void> {
  const { home } = settings
  const running = readLiveRecord(home, 'up')
  if (running) {
    say('sluice', `ends \`sluice up\` (pid ${running.pid})`)
    await endProcess(running, { graceMs: upGrace })
    removeRecord(home, 'up', running)
  }
  await endOrphans(home, say)
  // First the router: it finishes the requests that the services still answer.
  if (await stopRouter(home)) say('router', 'ended')
  await stopServices(settings, say)
  const [temporal, postgres] = await Promise.all([stopTemporal(home), stopPostgres(home)])
  if (temporal) say('temporal', 'ended')
  if (postgres) say('postgres', 'ended')
  const left = liveRecords(home)
  if (left.length > 0) {
    throw new StackError(
      `Still running: ${left.map(({ part, pid }) => `${part} (pid ${pid})`).join(', ')}.`,
      'End them by their pid.',
    )
  }
  say('sluice', 'is down')
}

/** By the agent's program, which knows how services are run; it needs neither Temporal nor the database. */
async function stopServices(settings: Settings, say: Say): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<number | null>()
  const child = spawn(process.execPath, [entryOf('agent'), '--stop-all'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, SLUICE_HOME: settings.home },
    timeout: servicesGrace,
  })
  let trouble = ''
  eachLine(child.stdout, (line) => sayLine(line, say))
  eachLine(child.stderr, (line) => (trouble = `${trouble}${line}\n`.slice(-2000)))
  child.once('error', () => resolve(null))
  child.once('close', resolve)
  if ((await promise) === 0) return
  say(
    'agent',
    `could not end the deployed services (${homePaths(settings.home).instances}): ${trouble.trim()}`,
    {
      level: 'error',
    },
  )
}

function sayLine(line: string, say: Say): void {
  try {
    const {
      msg,
      level: _level,
      time: _time,
      part: _part,
      ...fields
    } = JSON.parse(line) as Record<string, unknown>
    say('agent', String(msg), fields)
  } catch {
    say('agent', line)
  }
}
