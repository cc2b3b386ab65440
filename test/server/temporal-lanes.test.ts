import { randomUUID } from 'node:crypto'
import path from 'node:path'
import { Context } from '@temporalio/activity'
import { Client } from '@temporalio/client'
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lazyConnection } from '../../adapters/temporal/lazy-connection.ts'
import {
  controlQueue,
  deployWorkflowId,
  hostQueue,
  laneId,
  parseDeploymentId,
  queryNames,
} from '../../contract/names.ts'
import type { EnqueueRequest, LaneState, Progress, QueuedDeployment } from '../../contract/workflows.ts'
import { LanesUnavailable, type Lanes } from '../../server/lanes.ts'
import { temporalLanes } from '../../server/temporal-lanes.ts'
import { workflowBundle } from '../../worker/bundle.ts'
import { startTemporalServer, type TemporalServer } from '../temporal-server.ts'

let server: TemporalServer
let client: Client
let lanes: Lanes
let stopWorkers: () => Promise<void>
const noted: string[] = []

/** Holds its deployment in preflight until it is canceled or this is resolved. */
const go = Promise.withResolvers<void>()

beforeAll(async () => {
  Runtime.install({
    logger: new DefaultLogger('ERROR', () => {}),
    shutdownSignals: [],
    telemetryOptions: { logging: { filter: { core: 'ERROR' } } },
  })
  server = await startTemporalServer()
  client = new Client({ connection: lazyConnection({ address: server.address }) })
  lanes = temporalLanes({ client })
}, 120_000)

afterAll(async () => {
  go.resolve()
  await stopWorkers()
  await client.connection.close()
  await server.stop()
})

async function startWorkers(address: string): Promise<() => Promise<void>> {
  const connection = await NativeConnection.connect({ address })
  const empty: LaneState = { lastNumber: 0, waiting: [], running: null, recent: [] }
  const control = {
    recoverLane: async () => empty,
    recordQueued: async () => {},
    recordOutcome: async ({ release, status }: { release: { deploymentId: string }; status: string }) => {
      noted.push(`${release.deploymentId} ${status}`)
    },
    recordCanceledInQueue: async ({ deploymentId }: QueuedDeployment) => {
      noted.push(`${deploymentId} dropped`)
    },
  }
  const host = {
    checkReadiness: async () => {
      // A worker that stops waits for activities that do not listen.
      await Promise.race([go.promise, Context.current().cancelled])
      return { detail: 'ready' }
    },
    removeEnvironment: async ({ serviceId }: { serviceId: string }) => {
      noted.push(`${serviceId} removed`)
    },
  }
  const workers = [
    await Worker.create({
      connection,
      taskQueue: controlQueue,
      workflowBundle: await workflowBundle(path.join(import.meta.dirname, '..', '..', '.cache')),
      activities: control,
    }),
    await Worker.create({ connection, taskQueue: hostQueue('local'), activities: host }),
  ]
  const running = workers.map((worker) => worker.run())
  return async () => {
    for (const worker of workers) worker.shutdown()
    await Promise.all(running)
    await connection.close()
  }
}

const request = (serviceId: string, change: Partial<EnqueueRequest> = {}): EnqueueRequest => ({
  requestId: randomUUID(),
  serviceId,
  environment: 'production',
  host: 'local',
  trigger: 'api',
  ref: 'main',
  requestedBy: 'test',
  repoFullName: null,
  serviceUrl: '',
  queuedAt: new Date().toISOString(),
  numberFloor: 1,
  timings: { deployTimeout: 60_000 },
  ...change,
})

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 20))
}

/** What a deployment says of itself, once it can be asked. */
async function progressOf(deploymentId: string): Promise<Progress | undefined> {
  const { serviceId, environment, number } = parseDeploymentId(deploymentId)!
  const handle = client.workflow.getHandle(deployWorkflowId(serviceId, environment, number))
  return handle.query<Progress>(queryNames.progress).catch(() => undefined)
}

describe('lanes in Temporal', () => {
  it('says that no worker answers, and the repeated request is still one deployment', async () => {
    const lost = request('workerless')
    const hasty = temporalLanes({ client, enqueueWithin: 1_000 })
    await expect(hasty.enqueue(lost)).rejects.toThrow(LanesUnavailable)
    stopWorkers = await startWorkers(server.address)
    const answers = [await lanes.enqueue(lost), await lanes.enqueue(lost)]
    expect(answers.map(({ number }) => number)).toEqual([1, 1])
  }, 60_000)

  it('waits for a worker that is being started again', async () => {
    await stopWorkers()
    const accepted = lanes.enqueue(request('waiting'))
    // Longer than a worker that was killed needs on a quiet machine.
    await new Promise((resolve) => setTimeout(resolve, 6_000))
    stopWorkers = await startWorkers(server.address)
    expect(await accepted).toMatchObject({ number: 1 })
  }, 60_000)

  it('does not wait for a Temporal that freezes meanwhile', async () => {
    await stopWorkers()
    const patient = temporalLanes({ client, enqueueWithin: 600_000 })
    const refused = expect(patient.enqueue(request('silent'))).rejects.toThrow(LanesUnavailable)
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    server.signal('SIGSTOP')
    try {
      await refused
    } finally {
      server.signal('SIGCONT')
      stopWorkers = await startWorkers(server.address)
    }
  }, 60_000)

  it('numbers 60 requests at once, far more than may be in flight', async () => {
    const all = await Promise.all(Array.from({ length: 60 }, () => lanes.enqueue(request('many'))))
    const numbers = all.map(({ number }) => number).toSorted((a, b) => a - b)
    expect(numbers).toEqual(Array.from({ length: 60 }, (_, at) => at + 1))
  })

  it('gives the same deployment to the same request', async () => {
    const same = request('same')
    const answers = await Promise.all(Array.from({ length: 5 }, () => lanes.enqueue(same)))
    expect(new Set(answers.map(({ deploymentId }) => deploymentId))).toEqual(new Set(['same.production.1']))
  })

  it('numbers from the floor that the store knows', async () => {
    expect(await lanes.enqueue(request('floor', { numberFloor: 42 }))).toEqual({
      number: 42,
      deploymentId: 'floor.production.42',
    })
  })

  it('can be found by service and environment', async () => {
    await lanes.enqueue(request('found'))
    const description = await client.workflow.getHandle(laneId('found', 'production')).describe()
    expect(description.searchAttributes).toMatchObject({ Service: ['found'], Environment: ['production'] })
  })

  it('drops a waiting deployment that is canceled', async () => {
    await lanes.enqueue(request('cancel'))
    const { deploymentId } = await lanes.enqueue(request('cancel'))
    await lanes.cancel({
      deploymentId,
      by: 'ada',
      reason: null,
      serviceId: 'cancel',
      environment: 'production',
    })
    await until(() => noted.includes(`${deploymentId} dropped`))
  })

  it('hears from a running deployment that a cancel is in time; without a worker the deployment hears it later', async () => {
    for (const serviceId of ['asked', 'told']) {
      const { deploymentId } = await lanes.enqueue(request(serviceId))
      await until(async () => (await progressOf(deploymentId))?.steps[0]?.status === 'RUNNING')
      if (serviceId === 'told') await stopWorkers()
      const cancel = { deploymentId, by: 'ada', reason: null, serviceId, environment: 'production' }
      expect(await lanes.cancel(cancel)).toBe(true)
      if (serviceId === 'told') stopWorkers = await startWorkers(server.address)
      await until(async () => (await progressOf(deploymentId))?.cancel?.by === 'ada')
    }
  }, 60_000)

  it('has nothing to cancel or to forget where there is no lane', async () => {
    await lanes.cancel({
      deploymentId: 'none.production.1',
      by: 'a',
      reason: null,
      serviceId: 'none',
      environment: 'production',
    })
    await lanes.forget('none', 'production')
  })

  it('ends the lane and clears the host of an environment that is deleted', async () => {
    await lanes.enqueue(request('gone'))
    await lanes.forget('gone', 'production')
    expect((await client.workflow.getHandle(laneId('gone', 'production')).describe()).status.name).toBe(
      'TERMINATED',
    )
    await lanes.teardown({ serviceId: 'gone', environment: 'production', host: 'local', number: 2 })
    expect(noted).toContain('gone removed')
  })

  it('says that Temporal is not there', async () => {
    await lanes.ping()
    const connection = lazyConnection({ address: '127.0.0.1:1' })
    const nowhere = temporalLanes({ client: new Client({ connection }) })
    await expect(nowhere.ping()).rejects.toThrow(LanesUnavailable)
    await expect(nowhere.enqueue(request('nowhere'))).rejects.toThrow(LanesUnavailable)
    await connection.close()
  }, 20_000)
})
