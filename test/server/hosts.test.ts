import { createServer, type Server } from 'node:http'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { once } from 'node:events'
import { NativeConnection, Worker } from '@temporalio/worker'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hostsSchema, type Hosts } from '../../contract/host.ts'
import { hostQueue } from '../../contract/names.ts'
import { homePaths } from '../../contract/settings.ts'
import { version } from '../../contract/version.ts'
import { identityOf } from '../../worker/part.ts'
import { startTemporalServer, type TemporalServer } from '../temporal-server.ts'
import { addShop, startApi, type Api } from './api.ts'

let temporal: TemporalServer
let api: Api
let router: Server
beforeAll(async () => {
  temporal = await startTemporalServer()
  api = await startApi({}, undefined, temporal.address)
  await addShop(api)
}, 60_000)
afterAll(async () => {
  router?.close()
  await api.stop()
  await temporal.stop()
})

const hosts = async () => {
  const { status, body } = await api.call<Hosts>('GET', '/v1/hosts')
  expect(status).toBe(200)
  return hostsSchema.parse(body)
}

describe('hosts', () => {
  it('are told with versions, disks, and queues that nobody serves yet', async () => {
    const { data, temporal: server, control } = await hosts()
    expect(server).toMatch(/^\d+\.\d+/)
    expect(data).toHaveLength(1)
    expect(data[0]).toMatchObject({ name: 'local', environments: 1, queues: [{ pollers: [] }] })
    expect(data[0]!.here).toMatchObject({ sluice: version, node: process.versions.node, router: null })
    const [disk] = data[0]!.here!.disks
    expect(disk!.totalBytes).toBeGreaterThan(disk!.freeBytes)
    expect(disk).toMatchObject({ holds: 'home', isLow: false })
    expect(control.map(({ carries }) => carries)).toEqual(['workflows', 'activities'])
  })

  it('of other machines count too, by what is deployed on them', async () => {
    await api.store.environments.put({
      ...{ serviceId: 'shop', environment: 'far', branch: 'main', domains: [] },
      ...{ autoDeploy: false, config: {}, host: 'web-2' },
    })
    const { data } = await hosts()
    expect(data.map(({ name, here }) => [name, here !== null])).toEqual([
      ['local', true],
      ['web-2', false],
    ])
    await api.store.environments.remove('shop', 'far')
  })

  it(
    'show which agent polls their queue, and the versions that it runs with',
    { timeout: 60_000 },
    async () => {
      const connection = await NativeConnection.connect({ address: temporal.address })
      const worker = await Worker.create({
        ...{ connection, taskQueue: hostQueue('local'), identity: identityOf('agent') },
        activities: { nothing: () => Promise.resolve() },
      })
      const running = worker.run()
      try {
        await expect
          .poll(async () => (await hosts()).data[0]!.queues[0]!.pollers?.map(({ identity }) => identity), {
            timeout: 20_000,
          })
          .toEqual([identityOf('agent')])
        expect(identityOf('agent')).toContain(`sluice-${version}`)
      } finally {
        worker.shutdown()
        await running
        await connection.close()
      }
    },
  )

  it('say that the router answers, on its own socket', async () => {
    const { home } = api
    const health = { status: 'ok', pid: 1, routes: 3, port: 8080, uptimeSeconds: 5 }
    await mkdir(path.dirname(homePaths(home).routerSocket), { recursive: true })
    router = createServer((_, answer) => answer.end(JSON.stringify(health)))
    router.listen(homePaths(home).routerSocket)
    await once(router, 'listening')
    const { status: _, ...shown } = health
    expect((await hosts()).data[0]!.here!.router).toEqual(shown)
  })

  it('are told while Temporal is away: what is not known is null', async () => {
    temporal.signal('SIGSTOP')
    const { data, temporal: server, control } = await hosts()
    expect([server, control[0]!.pollers, data[0]!.queues[0]!.pollers]).toEqual([null, null, null])
    expect(data[0]!.here!.disks).not.toEqual([])
  })
})
