import { Hono, type Context } from 'hono'
import type { LogLine } from '../contract/deployment.ts'
import type { AppEnv } from '../server/deps.ts'
import { pathOf, type Api } from './api.ts'
import { joined } from './follow-stream.ts'
import type { Desk } from './index.ts'
import { runPath } from './read/run.ts'

const run = '/services/:service/environments/:environment/runs/:run'

/** The API's streams for a browser, which can send a cookie to them but no token. */
export function streamRoutes(desk: Desk): Hono<AppEnv> {
  /** A stream per name, each from the last row that the query says is known. What is not named is not sent. */
  const follow = async (c: Context<AppEnv>, paths: Record<string, string>) => {
    const streams: Record<string, ReadableStream<Uint8Array>> = {}
    for (const [name, path] of Object.entries(paths)) {
      const after = c.req.query(name)
      if (after === undefined) continue
      const rows = `${path}?${new URLSearchParams({ after })}`
      const answer = await desk.api(c).stream(rows, { accept: 'application/x-ndjson' })
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
  }
  /** What there is of the log of something that is there. */
  const text = async (c: Context<AppEnv>, of: string, lines: string) => {
    const { id } = await desk.api(c).get<{ id: string }>(of)
    const disposition = c.req.query('download') === undefined ? 'inline' : 'attachment'
    return new Response(logText(desk.api(c), lines), {
      headers: {
        'Content-Type': 'text/plain; charset=utf-8',
        'Content-Disposition': `${disposition}; filename="${id}.log"`,
      },
    })
  }
  return new Hono<AppEnv>()
    .get('/deployments/:id/follow', (c) => {
      const path = pathOf('deployments', c.req.param('id'))
      return follow(c, { logs: `${path}/logs`, events: `${path}/events` })
    })
    .get('/deployments/:id/log.txt', (c) => {
      const path = pathOf('deployments', c.req.param('id'))
      return text(c, path, `${path}/logs`)
    })
    .get(`${run}/follow`, (c) => follow(c, { logs: `${runPath(c.req.param())}/output` }))
    .get(`${run}/output.txt`, (c) => text(c, runPath(c.req.param()), `${runPath(c.req.param())}/output`))
}

/** Byte for byte; read page by page as the reader takes it. */
function logText(api: Api, path: string): ReadableStream<Uint8Array> {
  let after: number | null = 0
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (after === null) return controller.close()
        const page: LogPage = await api.get(`${path}?limit=1000&after=${after}`)
        after = page.nextAfter
        const read = page.data.map((line) => `${line.text}\n`).join('')
        controller.enqueue(new TextEncoder().encode(read))
      },
    },
    { highWaterMark: 0 },
  )
}

export interface LogPage {
  data: LogLine[]
  nextAfter: number | null
}
