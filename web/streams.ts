import { Hono } from 'hono'
import type { LogLine } from '../contract/deployment.ts'
import type { AppEnv } from '../server/deps.ts'
import { pathOf, type Api } from './api.ts'
import type { Desk } from './index.ts'

/** The API's streams for a browser, which can send a cookie to them but no token. */
export function streamRoutes(desk: Desk): Hono<AppEnv> {
  const app = new Hono<AppEnv>()
  for (const stream of ['events', 'logs'] as const) {
    app.get(`/deployments/:id/${stream}`, (c) => {
      const query = new URLSearchParams()
      for (const name of ['after', 'limit']) {
        const value = c.req.query(name)
        if (value !== undefined) query.set(name, value)
      }
      const lastId = c.req.header('last-event-id')
      return desk.api(c).stream(`${pathOf('deployments', c.req.param('id'))}/${stream}?${query}`, {
        accept: c.req.header('accept') ?? 'text/event-stream',
        ...(lastId ? { 'last-event-id': lastId } : {}),
      })
    })
  }
  return app.get('/deployments/:id/log.txt', async (c) => {
    const { id } = await desk.api(c).get<{ id: string }>(pathOf('deployments', c.req.param('id')))
    const disposition = c.req.query('download') === undefined ? 'inline' : 'attachment'
    return new Response(logText(desk.api(c), id), {
      headers: {
        'Content-Type': 'text/plain; charset=utf-8',
        'Content-Disposition': `${disposition}; filename="${id}.log"`,
      },
    })
  })
}

/** What there is of the log, byte for byte; read page by page as the reader takes it. */
function logText(api: Api, id: string): ReadableStream<Uint8Array> {
  let after: number | null = 0
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (after === null) return controller.close()
        const page: LogPage = await api.get(`${pathOf('deployments', id)}/logs?limit=1000&after=${after}`)
        after = page.nextAfter
        const text = page.data.map((line) => `${line.text}\n`).join('')
        controller.enqueue(new TextEncoder().encode(text))
      },
    },
    { highWaterMark: 0 },
  )
}

export interface LogPage {
  data: LogLine[]
  nextAfter: number | null
}
