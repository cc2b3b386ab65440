import { createInterface } from 'node:readline'
import { Client, Connection } from '@temporalio/client'
import { request } from 'undici'
import type { Deployment } from '../contract/deployment.ts'
import { find, makeService, type TestService } from '../test/e2e/service.ts'
import type { Sluice } from '../test/e2e/sluice.ts'
import { median } from './figures.ts'

/** Deploys per figure, after one that warms up. */
const rounds = 9

/** Milliseconds of Sluice's own for a deploy whose commands do nothing, and what of it is Temporal. */
export async function benchOverhead(sluice: Sluice, root: string): Promise<Record<string, unknown>> {
  const service = await makeService(sluice, root, 'noop')
  service.repository.commit({ 'sluice.yaml': noop })
  const connection = await Connection.connect({ address: sluice.temporalAddress })
  const client = new Client({ connection })
  const runs: {
    postToLive: number
    postToEnd: number
    temporal: number
    bodies: number
    events: number
    steps: Record<string, number>
  }[] = []
  for (let round = 0; round <= rounds; round++) {
    const { deployment, postToLive, postToEnd } = await timed(sluice, service)
    const temporal = await temporalTime(client, deployment.workflowId)
    if (round > 0) runs.push({ postToLive, postToEnd, ...temporal, steps: stepTimes(deployment) })
  }
  await connection.close()
  const of = (pick: (run: (typeof runs)[number]) => number) => Math.round(median(runs.map(pick)))
  return {
    rounds,
    postToLiveMs: of((run) => run.postToLive),
    postToEndMs: of((run) => run.postToEnd),
    temporalMs: of((run) => run.temporal),
    stepBodiesMs: of((run) => run.bodies),
    historyEvents: of((run) => run.events),
    stepMs: Object.fromEntries(
      Object.keys(runs[0]!.steps).map((step) => [step, of((run) => run.steps[step]!)]),
    ),
  }
}

const noop = `install: "true"
build: "true"
start: exec node server.js
hooks:
  migrate: "true"
`

/** Install with real npm dependencies: the first deploy, and one with the same lockfile. */
export async function benchSecondInstall(sluice: Sluice, root: string): Promise<Record<string, unknown>> {
  const service = await makeService(sluice, root, 'shop', { fixture: 'shop' })
  service.repository.commit({ 'server.js': plainServer })
  const first = stepTimes((await timed(sluice, service)).deployment)
  const later = []
  for (let round = 0; round < 3; round++) later.push(stepTimes((await timed(sluice, service)).deployment))
  const second = median(later.map((steps) => steps['install']!))
  return {
    firstInstallMs: first['install'],
    secondInstallMs: second,
    ratio: Number((second / first['install']!).toFixed(2)),
  }
}

const plainServer = `import http from 'node:http'
http.createServer((q, r) => r.end('ok')).listen(process.env.PORT)
`

async function timed(sluice: Sluice, service: TestService) {
  const posted = performance.now()
  const { id } = await service.start()
  const times = new Map<string, number>()
  for await (const { type } of eventsOf(sluice, id)) times.set(type, performance.now() - posted)
  const deployment = await find(sluice, id)
  if (deployment.status !== 'SUCCEEDED') throw new Error(JSON.stringify(deployment.failure))
  return { deployment, postToLive: times.get('live')!, postToEnd: times.get('end')! }
}

/** Follows it as the CLI does: asking every few milliseconds took a tenth of the machine from what is measured. */
async function* eventsOf(sluice: Sluice, id: string): AsyncGenerator<{ type: string }> {
  const headers = { authorization: `Bearer ${sluice.token}`, accept: 'application/x-ndjson' }
  const { body } = await request(`${sluice.url}/v1/deployments/${id}/events`, { headers })
  for await (const line of createInterface(body)) yield JSON.parse(line) as { type: string }
}

const stepTimes = (deployment: Deployment): Record<string, number> =>
  Object.fromEntries(
    deployment.steps.map(({ name, startedAt, finishedAt }) => [
      name,
      Date.parse(finishedAt!) - Date.parse(startedAt!),
    ]),
  )

/** From the start of the workflow to the end of the switch: time inside activities, and the rest, which is Temporal's. */
async function temporalTime(client: Client, workflowId: string) {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory()
  const at = (event: { eventTime?: unknown }) => {
    const { seconds, nanos } = event.eventTime as { seconds: { toString(): string }; nanos: number }
    return Number(seconds.toString()) * 1000 + nanos / 1e6
  }
  const begin = at(events![0]!)
  let bodies = 0
  let end = begin
  const scheduled = new Map<string, string>()
  const started = new Map<string, number>()
  for (const event of events!) {
    const id = String(event.eventId)
    const schedule = event.activityTaskScheduledEventAttributes
    if (schedule) scheduled.set(id, schedule.activityType!.name!)
    const start = event.activityTaskStartedEventAttributes
    if (start) started.set(String(start.scheduledEventId), at(event))
    const done = event.activityTaskCompletedEventAttributes
    if (!done) continue
    bodies += at(event) - started.get(String(done.scheduledEventId))!
    end = at(event)
    if (scheduled.get(String(done.scheduledEventId)) === 'switchTraffic') break
  }
  return { bodies, temporal: end - begin - bodies, events: events!.length }
}
