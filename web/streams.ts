import { Hono } from 'hono'
import type { LogLine } from '../contract/deployment.ts'
import type { AppEnv } from '../server/deps.ts'
import { pathOf, type Api } from './api.ts'
import { joined } from './follow-stream.ts'
import type { Desk } from './index.ts'

/** The API's streams for a browser, which can send a cookie to them but no token. */
export function streamRoutes(desk: Desk): Hono<AppEnv> {
  const app = new Hono<AppEnv>()
  // `logs` and `events` in the query: the last one of each that is known. What is not named is not sent.
  app.get('/deployments/:id/follow', async (c) => {
    const api = desk.api(c)
    const streams: Record<string, ReadableStream<Uint8Array>> = {}
    for (const name of ['logs', 'events']) {
      const after = c.req.query(name)
      if (after === undefined) continue
      const path = `${pathOf('deployments', c.req.param('id'), name)}?${new URLSearchParams({ after })}`
      const answer = await api.stream(path, { accept: 'application/x-ndjson' })
      if (!answer.ok || !answer.body) return answer
      streams[name] = answer.body
    }
    return new Response(joined(streams), {
      headers: {
        'Content-Type': 'application/x-ndjson; charset=utf-8',
        'Cache-Control': 'no-store',
        'X-Accel-Buffering': 'no',
      },
    })
  })
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
