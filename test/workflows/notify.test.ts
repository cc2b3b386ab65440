import { webcrypto } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { Client, Connection } from '@temporalio/client'
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { deliverNotification, giveUpNotification } from '../../activities/deliver-notification.ts'
import { httpCourier } from '../../adapters/courier/http/index.ts'
import { keyFileSecrets } from '../../adapters/secrets/key-file/index.ts'
import { postgresStore } from '../../adapters/store/postgres/index.ts'
import { notificationContext } from '../../contract/names.ts'
import type { NotificationKind } from '../../contract/notification.ts'
import type { Store } from '../../ports/store.ts'
import type { Secrets } from '../../ports/secrets.ts'
import { startNotifying } from '../../worker/notify.ts'
import { createDatabase, startPostgres, type TestPostgres } from '../postgres.ts'
import { addShop, queue } from '../store/shop.ts'

interface Received {
  path: string
  headers: http.IncomingHttpHeaders
  body: string
}

/** Answers of the receiver, by path, in turn; the last one stays. */
const script: Record<string, number[]> = {
  '/flaky': [500, 503, 200],
  '/gone': [410],
  '/moved': [302, 204],
  '/chat': [200],
}
const received: Received[] = []

let postgres: TestPostgres
let store: Store
let secrets: Secrets
let receiver: http.Server
let base = ''
let folder = ''
let stopping: () => Promise<void>

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'sluice-notify-'))
  postgres = await startPostgres()
  store = await postgresStore({ databaseUrl: await createDatabase(postgres.url) })
  secrets = await keyFileSecrets(path.join(folder, 'keys.json'))
  await addShop(store)
  receiver = http.createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const at = request.url ?? ''
      received.push({ path: at, headers: request.headers, body })
      const answers = script[at] ?? [201]
      const status = answers.length > 1 ? answers.shift()! : answers[0]!
      response.writeHead(status, status === 302 ? { location: '/chat' } : {}).end('x'.repeat(100_000))
    })
  })
  receiver.listen(0, '127.0.0.1')
  await once(receiver, 'listening')
  base = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`
  stopping = await startWorker()
})
afterAll(async () => {
  await stopping?.()
  receiver?.close()
  await store?.close()
  await postgres?.stop()
  await rm(folder, { recursive: true, force: true })
})

async function startWorker() {
  Runtime.install({
    logger: new DefaultLogger('ERROR', () => {}),
    shutdownSignals: [],
    telemetryOptions: { logging: { forward: {}, filter: { core: 'WARN' } } },
  })
  const address = inject('temporalAddress')
  const connection = await NativeConnection.connect({ address })
  const client = new Client({ connection: await Connection.connect({ address }) })
  const taskQueue = path.basename(folder)
  const courier = httpCourier({
    privateHosts: ['127.0.0.1'],
    // A name that leads into the network of the machine, as one under foreign control may at any moment.
    find: ((_host: string, _options: object, done: (error: null, found: object[]) => void) =>
      done(null, [{ address: '127.0.0.1', family: 4 }])) as never,
  })
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowBundle: { codePath: inject('workflowBundle') },
    activities: {
      deliverNotification: deliverNotification({ store, secrets, courier }),
      giveUpNotification: giveUpNotification({ store }),
    },
  })
  const running = worker.run()
  const stop = startNotifying({ client, store, log: pino({ level: 'silent' }), taskQueue })
  return async () => {
    stop()
    worker.shutdown()
    await running
    await client.connection.close()
    await connection.close()
  }
}

const key = Buffer.alloc(32, 7).toString('base64')

const target = (name: string, kind: NotificationKind, url: string, secret: string | null) => ({
  name,
  kind,
  shownUrl: url,
  sealedUrl: secrets.seal(url, notificationContext('shop', name, 'url')),
  sealedSecret: secret && secrets.seal(secret, notificationContext('shop', name, 'secret')),
  events: ['deployment.succeeded' as const, 'deployment.failed' as const],
  environments: [],
})

const deliveries = async (name: string) =>
  (await store.notifications.deliveries('shop', { limit: 100 })).data.filter((one) => one.target === name)
const at = (where: string) => received.filter((one) => one.path === where)

it('reaches everybody who is to be told, each in its own way, and keeps on trying', async () => {
  await store.notifications.replaceTargets('shop', [
    target('hook', 'webhook', `${base}/flaky`, `whsec_${key}`),
    target('chat', 'slack', `${base}/chat`, null),
    target('status', 'github', base, 'ghp_token'),
    target('pipeline', 'gitlab', `${base}/api/v4`, 'glpat_token'),
    target('gone', 'webhook', `${base}/gone`, `whsec_${key}`),
    target('moved', 'webhook', `${base}/moved`, `whsec_${key}`),
    target('rebound', 'webhook', 'https://looks-public.example.com/x', `whsec_${key}`),
    target('metadata', 'webhook', 'http://169.254.169.254/latest', `whsec_${key}`),
  ])
  const id = await queue(store, 1, { commitSha: 'c'.repeat(40), ref: '<main>', repoFullName: 'acme/shop' })
  await store.deployments.finish(id, { status: 'SUCCEEDED', compensation: 'NONE', failure: null, step: null })
  await expect
    .poll(async () => (await store.notifications.deliveries('shop', { limit: 100 })).data, {
      timeout: 25_000,
      interval: 200,
    })
    .not.toContainEqual(expect.objectContaining({ status: 'PENDING' }))

  // Refused twice, then taken: three attempts of one and the same message.
  expect(await deliveries('hook')).toMatchObject([{ status: 'DELIVERED', attempts: 3, lastStatus: 200 }])
  const attempts = at('/flaky')
  expect(attempts).toHaveLength(3)
  expect(new Set(attempts.map(({ headers, body }) => `${String(headers['webhook-id'])} ${body}`)).size).toBe(
    1,
  )
  for (const attempt of attempts) await expectSigned(attempt)
  expect(JSON.parse(attempts[0]!.body)).toMatchObject({
    type: 'deployment.succeeded',
    timestamp: expect.any(String),
    data: { id, serviceId: 'shop', status: 'SUCCEEDED', commitSha: 'c'.repeat(40) },
  })

  expect(JSON.parse(at('/chat')[0]!.body)).toEqual({
    text: expect.stringMatching(/^shop production: deployment #1 is live \(&lt;main&gt; @ ccccccc\)/),
  })
  const [status] = at(`/repos/acme/shop/statuses/${'c'.repeat(40)}`)
  expect(status!.headers.authorization).toBe('Bearer ghp_token')
  expect(JSON.parse(status!.body)).toMatchObject({ state: 'success', context: 'sluice/shop/production' })
  const [pipeline] = at(`/api/v4/projects/acme%2Fshop/statuses/${'c'.repeat(40)}`)
  expect(pipeline!.headers['private-token']).toBe('glpat_token')
  expect(JSON.parse(pipeline!.body)).toMatchObject({ state: 'success', name: 'sluice/shop/production' })

  expect(await deliveries('gone')).toMatchObject([{ status: 'FAILED', attempts: 1, lastStatus: 410 }])
  // Not followed: the address behind a redirect was never checked.
  expect(await deliveries('moved')).toMatchObject([{ status: 'DELIVERED', attempts: 2 }])
  expect(at('/chat')).toHaveLength(1)
  for (const name of ['rebound', 'metadata']) {
    const [refused] = await deliveries(name)
    expect(refused).toMatchObject({ status: 'FAILED', attempts: 1 })
    expect(refused!.lastError).toMatch(/not a public address.*SLUICE_PRIVATE_HOSTS/)
  }
  const log = JSON.stringify((await store.notifications.deliveries('shop', { limit: 100 })).data)
  for (const secret of [key, 'ghp_token', 'glpat_token']) expect(log).not.toContain(secret)
}, 60_000)

/** By the specification alone, with another implementation of HMAC. */
async function expectSigned({ headers, body }: Received): Promise<void> {
  const [id, timestamp, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    String(headers[name]),
  )
  expect(Math.abs(Date.now() / 1000 - Number(timestamp))).toBeLessThan(120)
  const hmac = { name: 'HMAC', hash: 'SHA-256' }
  const imported = await webcrypto.subtle.importKey('raw', Buffer.from(key, 'base64'), hmac, false, [
    'verify',
  ])
  const given = Buffer.from(/^v1,(.+)$/.exec(signature!)![1]!, 'base64')
  const signed = (text: string) => webcrypto.subtle.verify('HMAC', imported, given, Buffer.from(text))
  expect(await signed(`${id}.${timestamp}.${body}`)).toBe(true)
  expect(await signed(`${id}.${timestamp}.${body} `)).toBe(false)
}
