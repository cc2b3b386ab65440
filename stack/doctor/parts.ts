import { homePaths, type Settings } from '../../contract/settings.ts'
import { routerHealth } from '../router-health.ts'
import { readLiveRecord } from '../run-record.ts'
import { advice, missing, ok, type Check } from './check.ts'

/** The parts, when Sluice runs here: whether each is there, and says that it is well. */
export async function checkParts(settings: Settings): Promise<Check[]> {
  const { home } = settings
  if (!readLiveRecord(home, 'up')) return [advice('Sluice', 'is not running', 'Start it with `sluice up`.')]
  return [
    ok('Sluice', `runs (pid ${readLiveRecord(home, 'up')?.pid})`),
    await checkServer(settings),
    ...['worker', 'agent'].map((part) => checkProcess(home, part)),
    await checkRouter(home),
  ]
}

async function checkServer({ apiPort, url }: Settings): Promise<Check> {
  try {
    const answer = await fetch(`http://127.0.0.1:${apiPort}/readyz`, { signal: AbortSignal.timeout(5000) })
    if (answer.ok) return ok('server', `answers at ${url}`)
    const { detail } = (await answer.json()) as { detail?: string }
    return missing('server', detail ?? `answers ${answer.status}`, 'See the log of `sluice up`.')
  } catch (error) {
    return missing(
      'server',
      `does not answer at ${url}: ${(error as Error).message}`,
      'See the log of `sluice up`.',
    )
  }
}

function checkProcess(home: string, part: string): Check {
  const record = readLiveRecord(home, part)
  if (record) return ok(part, `runs (pid ${record.pid})`)
  return missing(part, 'does not run', 'It is started again by itself; see the log of `sluice up`.')
}

async function checkRouter(home: string): Promise<Check> {
  const health = await routerHealth(homePaths(home).routerSocket)
  if (health)
    return ok('router', `${health.routes} routes on port ${health.port}, up for ${health.uptimeSeconds} s`)
  return missing('router', 'does not answer', 'See logs/router.log in the home.')
}
