// A hundred deploys of one service under open-loop load, with a kill -9 of the router and one of the worker among them.
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { embeddedRouter } from '../adapters/router/embedded/index.ts'
import { homePaths } from '../contract/settings.ts'
import { repositoryRoot } from '../test/e2e/repository.ts'
import { finished, makeService } from '../test/e2e/service.ts'
import { startSluice } from '../test/e2e/sluice.ts'
import { spread } from './figures.ts'
import { openLoop, type Asked } from './open-loop.ts'

const deploys = Number(process.env['DEPLOYS'] ?? 100)
const perSecond = Number(process.env['PER_SECOND'] ?? 100)
const kills = { worker: Math.ceil(deploys / 3), router: Math.ceil((deploys * 2) / 3) }

const root = repositoryRoot()
const sluice = await startSluice({ env: { SLUICE_SOURCE_ROOTS: root.directory } })
try {
  const service = await makeService(sluice, root.directory, 'hundred')
  service.repository.commit({ 'sluice.yaml': 'start: exec node server.js\ndrain: 1\n' })
  await succeed(service.deploy())
  const load = openLoop({ port: sluice.routerPort, host: 'hundred.localhost' }, perSecond)
  const took: number[] = []
  let killed = { at: Number.NaN, gone: Number.NaN }
  for (let number = 1; number <= deploys; number++) {
    service.repository.commit({ 'version.txt': `v${number + 1}\n` })
    const began = performance.now()
    const { id } = await service.start()
    if (number === kills.worker) sluice.killPart('worker', 'SIGKILL')
    if (number === kills.router) killed = await killRouter()
    await succeed(finished(sluice, id))
    took.push(performance.now() - began)
  }
  await load.stop()
  const result = { deploys, perSecond, ...figures(load.asked, killed), deployMs: spread(took) }
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
  const folder = path.join(import.meta.dirname, 'results')
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'hundred-deploys.json'), `${JSON.stringify(result, null, 2)}\n`)
} finally {
  await sluice.stop()
  root.remove()
}
process.exit(0)

async function succeed(ending: ReturnType<typeof finished>): Promise<void> {
  const { id, status, failure } = await ending
  if (status !== 'SUCCEEDED') throw new Error(`${id} ended ${status}: ${JSON.stringify(failure)}`)
}

/** The process that serves, not the small one that holds the listening socket. */
async function killRouter(): Promise<{ at: number; gone: number }> {
  const router = embeddedRouter({ socketPath: homePaths(sluice.home).routerSocket, patienceMs: 20_000 })
  const { pid } = await router.health()
  const at = performance.now()
  process.kill(pid, 'SIGKILL')
  for (;;) {
    try {
      process.kill(pid, 0)
    } catch {
      return { at, gone: performance.now() }
    }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** Only what was under way in the router when it died may fail; what came later waited for the next one. */
function figures(asked: Asked[], killed: { at: number; gone: number }) {
  const wrong = asked.filter((one) => one.wrong !== null)
  const lost = wrong.filter(({ due, ended }) => due <= killed.gone && ended >= killed.at)
  const first = asked.filter(({ due, wrong: why }) => due > killed.gone && why === null)
  return {
    requests: asked.length,
    failed: wrong.length - lost.length,
    lostInTheKilledRouter: lost.length,
    firstAnswerAfterItsDeathMs: Math.round(Math.min(...first.map(({ ended }) => ended)) - killed.at),
    reasons: Object.entries(Object.groupBy(wrong, (one) => one.wrong!)).map(
      ([why, all]) => `${all!.length} × ${why}`,
    ),
    latencyMs: spread(asked.map(({ due, ended }) => ended - due)),
  }
}
