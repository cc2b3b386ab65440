import { failureOf } from '../../contract/failures.ts'
import { variableContext } from '../../contract/names.ts'
import type { Deployment } from '../../contract/deployment.ts'
import { addShop, deploy, succeed } from '../server/api.ts'
import type { Desk } from './desk.ts'
import { startRunning } from './rows.ts'

/** What would act in a page, on a terminal or in an attribute. */
export const hostile = `<img src=x onerror="alert(1)"></script><script>alert(2)</script>\u001b]52;c;aGk=\u0007 ' " &amp;`
/** The part of it that is shown as it is. */
export const seen = `<img src=x onerror="alert(1)"></script><script>alert(2)</script>`

export interface Furnished {
  live: Deployment
  failed: Deployment
  unknown: Deployment
  running: Deployment
  waiting: Deployment
  archived: Deployment
  /** Paths of all pages, with something on each. */
  pages: string[]
}

/** Every page has something of everything, and hostile text wherever somebody else's text can be. */
export async function furnish(desk: Desk): Promise<Furnished> {
  const { deployments } = desk.store
  await addShop(desk)
  await admit(desk)
  const finished = await deploy(desk)
  await succeed(desk, finished, undefined, hostile)
  await deployments.archive(finished.id, true)
  const live = await deploy(desk)
  await succeed(desk, live, undefined, hostile)
  await observe(desk, live)
  await release(desk, await deploy(desk))
  const failed = await failedWith(desk, 'BuildFailed')
  const unknown = await failedWith(desk, 'MigrationOutcomeUnknown')
  await schedule(desk)
  await tell(desk)
  await preview(desk)
  const runs = [await run(desk, live, 'RUNNING'), await run(desk, live, 'FAILED')]
  const running = await startRunning(desk)
  await running.print(hostile)
  const outage = { attempt: 1, reason: hostile, nextIn: 600_000 }
  await deployments.attemptFailed(running.id, 'build', outage)
  const waiting = await addStaging(desk)
  for (const one of [running, waiting]) await record(desk, one)
  const shop = '/services/shop'
  const environment = `${shop}/environments/production`
  return {
    ...{ live, failed, unknown, running, waiting, archived: finished },
    pages: [
      ...['/', '/new', '/settings', '/audit', '/hosts', shop, `${shop}/settings`, environment],
      ...['/check', '/schedules', '/releases', '/runs'].map((page) => environment + page),
      ...runs.map((id) => `${environment}/runs/${id}`),
      `${shop}/environments/staging`,
      ...[live, failed, unknown, running, waiting, finished].map(({ id }) => `/deployments/${id}`),
    ],
  }
}

/** Freezes that are never now, variables. */
async function admit({ store, deps, call }: Desk): Promise<void> {
  const path = '/v1/services/shop/environments/production'
  const from = '2036-01-01T00:00:00.000Z'
  await call('PUT', path, {
    branch: 'main',
    freezes: [
      { from, to: '2036-01-02T00:00:00.000Z', reason: hostile },
      { cron: '0 0 29 2 *', seconds: 60, timeZone: 'UTC', reason: hostile },
    ],
  })
  for (const name of ['API_KEY', hostile]) {
    const sealed = deps.secrets.seal(hostile, variableContext('shop', 'production', name))
    await store.variables.put('shop', 'production', { name, sealed, secret: name === 'API_KEY' })
  }
  await store.services.change('shop', { repoFullName: hostile })
}

/** What runs of the live release: web, which ends now and then, and one beside it that nobody has looked at. */
async function observe({ store }: Desk, { number }: Deployment): Promise<void> {
  const command = { command: hostile, reason: hostile }
  const cron = [{ ...command, name: 'nightly', schedule: '0 2 * * *' }]
  const plan = { start: command, processes: { worker: command }, cron } as never
  await store.releases.planned(`shop.production.r${number}`, plan)
  const at = new Date().toISOString()
  await store.processes.observed('shop', 'production', {
    number,
    processes: [
      {
        ...{ name: 'web', state: 'backingOff', pid: 4711, port: 20_000, restarts: 3, startedAt: at },
        lastExit: { code: null, signal: 'SIGKILL', at, limit: 'memory' },
      },
    ],
  })
}

/** Built, and never live. */
async function release({ store }: Desk, deployment: Deployment): Promise<void> {
  const { id, number } = deployment
  await store.deployments.started(id, { runId: 'run', at: new Date() })
  await record({ store }, deployment)
  await store.releases.gone([`shop.production.r${number}`])
  await store.deployments.finish(id, {
    ...{ status: 'SUCCEEDED', compensation: 'NONE', failure: null, step: null },
  })
}

const record = ({ store }: Pick<Desk, 'store'>, { id, number, serviceId, environment }: Deployment) =>
  store.releases.record({
    ...{ serviceId, environment, number, deploymentId: id },
    releaseId: `${serviceId}.${environment}.r${number}`,
    ...{ commitSha: 'c'.repeat(40), commitMessage: hostile, plan: {} as never, sealedVariables: [] },
  })

async function failedWith(desk: Desk, code: 'BuildFailed' | 'MigrationOutcomeUnknown'): Promise<Deployment> {
  const failed = await startRunning(desk, code === 'BuildFailed' ? 'build' : 'migrate')
  await failed.print(hostile)
  await desk.store.deployments.finish(failed.id, {
    ...{ status: 'FAILED', compensation: 'DONE', step: code === 'BuildFailed' ? 'build' : 'migrate' },
    failure: failureOf(code, hostile),
  })
  return failed
}

/** A second environment: with a deployment that waits, then held, with a branch that the API would not have taken. */
async function addStaging(desk: Desk): Promise<Deployment> {
  const { store } = desk
  const row = { serviceId: 'shop', environment: 'staging', autoDeploy: true, config: {}, host: 'local' }
  await store.environments.put({ ...row, branch: 'main', domains: [] })
  const waiting = await deploy(desk, 'shop', 'staging')
  await store.deployments.started(waiting.id, { runId: 'run', at: new Date() })
  await store.deployments.approval(waiting.id, { waiting: true, detail: hostile })
  await store.environments.put({ ...row, branch: hostile, domains: [hostile] })
  await store.environments.hold('shop', 'staging', { reason: hostile, by: hostile })
  return waiting
}

/** One of the pull request of a fork, and the rule that allows it. */
async function preview({ store, call }: Desk): Promise<void> {
  const rule = { enabled: true, allowForks: true, branches: ['feature/*'], domain: 'pr-{number}.example.com' }
  await call('PUT', '/v1/services/shop/preview-rule', rule)
  const of = { serviceId: 'shop', environment: 'pr-12' }
  await store.previews.ask({
    ...{ ...of, deliveryId: crypto.randomUUID(), receivedAt: new Date(), again: false },
    ...{ commitSha: 'd'.repeat(40), rule: { ttl: 86_400, maxOpen: 10 } },
    request: {
      ...{ number: 12, title: hostile, url: `javascript:alert(3)//${hostile}`, fromFork: true },
      ...{ branch: hostile, targetBranch: 'main' },
    },
  })
  await store.environments.put({
    ...{ ...of, branch: 'main', domains: [], autoDeploy: true, config: {}, host: 'local' },
    preview: { variablesFrom: null, secrets: false },
  })
}

/** Of a cron entry, when it has ended. */
async function run({ store }: Desk, live: Deployment, status: 'RUNNING' | 'FAILED'): Promise<string> {
  const id = `run_${crypto.randomUUID().replaceAll('-', '').slice(0, 24)}`
  const of = { serviceId: 'shop', environment: 'production', host: 'local', number: live.number }
  const isTurn = status === 'FAILED'
  await store.runs.create({
    ...{ ...of, id, deploymentId: live.id, releaseId: `shop.production.r${live.number}` },
    ...{ releaseNumber: live.number, command: hostile, sealedCommand: 'x', requestedBy: hostile },
    ...{ kind: isTurn ? 'cron' : 'run', cronName: isTurn ? 'nightly' : null },
  })
  await store.runs.started(id)
  const lines = [{ at: new Date(), text: hostile }]
  await store.runs.output.append(id, { step: null, cursor: 'run', from: 0, to: 1, lines })
  if (isTurn) await store.runs.finish(id, { status, exitCode: 7, note: hostile })
  return id
}

async function schedule({ call, store }: Desk): Promise<void> {
  const path = '/v1/services/shop/environments/production/schedules'
  for (const name of ['nightly', 'paused']) await call('POST', path, { name, cron: '30 2 * * *' })
  await call('POST', `${path}/paused/pause`, { reason: hostile })
  const run = { at: new Date(), deploymentId: null, note: hostile }
  await store.schedules.ran('shop', 'production', 'nightly', run)
}

/** Tokens, webhook, deliveries, notifications, audit. */
async function tell({ call, store }: Desk): Promise<void> {
  await call('POST', '/v1/tokens', { name: 'ci', role: 'deployer' })
  await store.tokens.create({
    ...{ id: `tok_${'0'.repeat(24)}`, name: hostile, role: 'viewer', serviceId: null },
    ...{ hash: '0'.repeat(64), createdBy: hostile, expiresAt: null },
  })
  await call('PUT', '/v1/services/shop/webhook', {})
  await store.webhooks.record(
    {
      ...{ id: crypto.randomUUID(), serviceId: 'shop', provider: hostile, deliveryId: hostile },
      ...{ event: hostile, redeliveryOf: null, targets: [] },
      results: [{ environment: hostile, deploymentId: null, outcome: 'rejected', reason: hostile }],
    },
    false,
  )
  await store.notifications.replaceTargets('shop', [
    {
      ...{ name: 'hook', kind: 'webhook', shownUrl: hostile, sealedUrl: 'x', sealedSecret: null },
      ...{ events: ['deployment.failed'], environments: [] },
    },
  ])
  await store.audit.add({
    ...{ actorId: hostile, actorName: hostile, role: 'viewer', address: hostile, action: hostile },
    ...{ serviceId: hostile, environment: hostile, target: hostile, status: 403, code: hostile },
    requestId: crypto.randomUUID(),
  })
}
