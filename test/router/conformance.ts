import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import { killReleases } from './releases.ts'
import { draining } from './rows/draining.ts'
import { headers } from './rows/headers.ts'
import { limits } from './rows/limits.ts'
import { proxying } from './rows/proxying.ts'
import { restarting } from './rows/restarting.ts'
import { smuggling } from './rows/smuggling.ts'
import { switching } from './rows/switching.ts'
import { closeServices } from './services.ts'
import type { RunningRouter, StartRouter, Suite } from './suite.ts'

/** What every router adapter must do. The numbers of the rows are those of the suite's description in the docs. */
export function conformance(name: string, start: StartRouter): void {
  describe(`${name}:`, { timeout: 30_000 }, () => {
    let router: RunningRouter
    const suite: Suite = { start, running: () => router }

    beforeAll(async () => {
      router = await start()
    })
    afterEach(closeServices)
    afterAll(() => {
      killReleases()
      return router.stop()
    })

    switching(suite)
    draining(suite)
    restarting(suite)
    proxying(suite)
    headers(suite)
    smuggling(suite)
    limits(suite)
  })
}
