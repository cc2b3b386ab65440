import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { createAdaptorServer } from '@hono/node-server'
import { dashboardBundle } from '../../web/bundle.ts'
import { dashboard } from '../../web/index.ts'
import { redeemSignInLink } from '../../server/sign-in-links.ts'
import { startApi, type Api } from '../server/api.ts'

export const cache = path.join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'sluice')

/** The real API and dashboard on a real database and a real port; deployments are rows that a test writes. */
export interface Desk extends Api {
  url: string
  /** Ends every connection, as a proxy or a network may. */
  cut(): void
}

/** @param temporalAddress where there is one; without it what needs Temporal is refused */
export async function startDesk(temporalAddress?: string): Promise<Desk> {
  const url = 'http://127.0.0.1:7700'
  const bundle = dashboardBundle(cache)
  const api = await startApi(
    {},
    (deps) => dashboard({ bundle, seal: deps.secrets, url, now: deps.now, redeem: redeemSignInLink(deps) }),
    temporalAddress,
  )
  const server = createAdaptorServer({ fetch: api.app.fetch }) as Server
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    ...api,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: () => server.closeAllConnections(),
    async stop() {
      server.close()
      server.closeAllConnections()
      await api.stop()
    },
  }
}
