import { randomUUID } from 'node:crypto'
import { readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Deployment } from '../../contract/deployment.ts'
import type { Delivery } from '../../contract/webhook.ts'
import { githubPush, sha, signed } from '../server/forge.ts'
import { githubRequest, type RequestOptions } from '../server/pull-requests.ts'
import { processesWith } from './remains.ts'
import { deploymentWhen, finished, inStep, makeService, until, type TestService } from './service.ts'
import type { Sluice } from './sluice.ts'
import { useSluice } from './use-sluice.ts'

let sluice: Sluice
const root = useSluice((started) => {
  sluice = started
})

/** Environments run as users of their own, who cannot write into one file. */
const pushed = { autoDeploy: true, config: { soak: 0 }, variables: { COUNT_FILE: '/dev/null' } }

interface Hooked {
  service: TestService
  /** Commits on the branch and delivers that to Sluice as GitHub does. */
  push(branch: string, files: Record<string, string>): Promise<{ commit: string; delivery: Delivery }>
  deliver(branch: string, commit: string, id?: string): Promise<{ status: number; delivery: Delivery }>
  /** Tells of a pull request as GitHub does. */
  request(options: RequestOptions): Promise<Delivery>
  deliveries(): Promise<Delivery[]>
  deployments(): Promise<Deployment[]>
}

async function hooked(id: string): Promise<Hooked> {
  const service = await makeService(sluice, root.directory, id)
  for (const [name, branch] of [
    ['production', 'main'],
    ['staging', 'staging'],
  ] as const)
    await service.environment(name, { branch, ...pushed })
  const { body } = await sluice.api('PUT', `/v1/services/${id}/webhook`, {})
  const send = async (event: string, content: object, delivery: string = randomUUID()) => {
    const text = JSON.stringify(content)
    const answer = await fetch(`${sluice.url}/v1/webhooks/github/${id}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...signed.github(body.secret, text, event, delivery) },
      body: text,
    })
    return { status: answer.status, delivery: (await answer.json()) as Delivery }
  }
  const deliver = (branch: string, commit: string, delivery?: string) =>
    send('push', githubPush({ ref: `refs/heads/${branch}`, before: sha(1), after: commit }), delivery)
  return {
    service,
    deliver,
    request: async (options) => (await send('pull_request', githubRequest(options))).delivery,
    async push(branch, files) {
      service.repository.branch(branch)
      const commit = service.repository.commit(files)
      return { commit, delivery: (await deliver(branch, commit)).delivery }
    },
    deliveries: async () => (await sluice.api('GET', `/v1/services/${id}/deliveries?limit=100`)).body.data,
    deployments: async () => (await sluice.api('GET', `/v1/deployments?serviceId=${id}&limit=100`)).body.data,
  }
}

const deploymentOf = async (hook: Hooked, { id }: Delivery): Promise<string> => {
  let found: string | null | undefined
  await until(async () => {
    found = (await hook.deliveries()).find((one) => one.id === id)?.results[0]?.deploymentId
    return Boolean(found)
  })
  return found!
}

test(
  'a push deploys the environment of its branch; of thirty in two seconds the first and the last',
  { timeout: 180_000 },
  async () => {
    const hook = await hooked('hooked')
    const { service } = hook
    const main = await hook.push('main', { 'version.txt': 'v2' })
    expect(await finished(sluice, await deploymentOf(hook, main.delivery))).toMatchObject({
      ...{ status: 'SUCCEEDED', environment: 'production', trigger: 'webhook', commitSha: main.commit },
    })
    const staging = await hook.push('staging', { 'version.txt': 'v3' })
    expect(await finished(sluice, await deploymentOf(hook, staging.delivery))).toMatchObject({
      ...{ status: 'SUCCEEDED', environment: 'staging', commitSha: staging.commit },
    })
    const other = await hook.push('feature', { 'version.txt': 'v4' })
    expect(other.delivery.outcome).toBe('ignored')
    expect(await hook.deployments()).toHaveLength(2)

    // The first of them is held in its build until all have come.
    const gate = path.join(root.directory, 'gate')
    await service.environment('production', {
      ...pushed,
      variables: { ...pushed.variables, GATE: gate },
    })
    service.repository.branch('main')
    service.repository.commit({
      'step.sh': 'while [ "$1" = build ] && [ ! -e "$GATE" ]; do sleep 0.1; done\n',
    })
    const commits = Array.from({ length: 30 }, (_, at) => service.repository.commit({ 'n.txt': String(at) }))
    const answers: Delivery[] = []
    for (const commit of commits) {
      const id = randomUUID()
      const [first, second] = [await hook.deliver('main', commit, id), await hook.deliver('main', commit, id)]
      expect([first.status, second.status]).toEqual([202, 200])
      answers.push(first.delivery)
      await sleep(20)
    }
    const last = await deploymentOf(hook, answers.at(-1)!)
    await writeFile(gate, '')
    expect(await finished(sluice, last)).toMatchObject({ status: 'SUCCEEDED', commitSha: commits.at(-1) })
    const all = (await hook.deployments()).filter(({ environment }) => environment === 'production')
    const burst = all.filter(({ number }) => number > 1).toSorted((a, b) => a.number - b.number)
    expect(burst.map(({ status }) => status)).toEqual([
      'SUCCEEDED',
      ...Array.from({ length: 28 }, () => 'SUPERSEDED'),
      'SUCCEEDED',
    ])
    expect(burst[0]?.commitSha).toBe(commits[0])
    const outcomes = (await hook.deliveries()).filter(({ id }) => answers.some((one) => one.id === id))
    const counted = Object.groupBy(outcomes, ({ outcome }) => outcome)
    expect([counted.deployed?.length, counted.superseded?.length]).toEqual([2, 28])
    for (const { results } of counted.superseded!)
      expect(results[0]?.supersededBy).toMatch(/^hooked\.production\./)
    const waited = await sluice.cli('deliveries', 'hooked')
    expect(waited.stdout).toMatch(/superseded by hooked\.production\.\d+/)
  },
)

test(
  'an API that is killed after its 202 still deploys, once; an approval comes before the switch',
  { timeout: 180_000 },
  async () => {
    const hook = await hooked('killed')
    hook.service.repository.branch('main')
    const commit = hook.service.repository.commit({ 'version.txt': 'v2' })
    await hook.service.environment('production', { ...pushed, approval: { within: 600 } })
    const { status, delivery } = await hook.deliver('main', commit)
    const earlier = sluice.killPart('server', 'SIGKILL')
    expect(status).toBe(202)
    await sluice.waitForPart('server', earlier)
    await until(() =>
      fetch(`${sluice.url}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    )
    const id = await deploymentOf(hook, delivery)
    await deploymentWhen(sluice, id, (one) => one.status === 'WAITING_APPROVAL')
    expect((await hook.service.get()).status).not.toBe(200)
    expect(await sluice.cli('approve', id)).toMatchObject({ exitCode: 0 })
    expect(await finished(sluice, id)).toMatchObject({ status: 'SUCCEEDED', commitSha: commit, number: 1 })
    expect(await hook.deployments()).toHaveLength(1)

    expect(await sluice.cli('hold', 'killed', '--reason', 'Moving house.')).toMatchObject({ exitCode: 0 })
    const held = await sluice.cli('deploy', 'killed')
    expect(held).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Moving house.') })
    expect(await sluice.cli('unhold', 'killed')).toMatchObject({ exitCode: 0 })
  },
)

test(
  'a pull request has a preview until it is closed, in the middle of a deployment too',
  { timeout: 120_000 },
  async () => {
    const hook = await hooked('pulled')
    const { repository } = hook.service
    expect(await sluice.cli('env', 'service', 'set', 'pulled', 'SHARED=x', '--plain')).toMatchObject({
      exitCode: 0,
    })
    const set = await sluice.cli('previews', 'set', 'pulled', '--into', 'main', '--ttl', '1d', '--json')
    expect(JSON.parse(set.stdout)).toMatchObject({ variablesFrom: 'staging', ttl: 86_400 })
    repository.branch('buttons')
    const head = repository.commit({ 'version.txt': 'of the request' })
    const opened = await hook.request({ number: 7, branch: 'buttons', head })
    expect(await finished(sluice, await deploymentOf(hook, opened))).toMatchObject({
      ...{ id: 'pulled.pr-7.1', status: 'SUCCEEDED', commitSha: head, trigger: 'webhook' },
    })
    expect(await hook.service.get('/', 'pr-7')).toEqual({ status: 200, text: 'of the request' })
    const environment = JSON.parse((await hook.service.get('/env', 'pr-7')).text) as object
    expect(environment).toMatchObject({ SHARED: 'x', COUNT_FILE: '/dev/null' })
    expect((await sluice.cli('previews', 'list', 'pulled')).stdout).toContain('pr-7')
    const inherited = (await sluice.cli('env', 'list', 'pulled', 'pr-7')).stdout
    expect(inherited).toMatch(/^SHARED +x +pulled$/m)
    expect(inherited).toMatch(/^COUNT_FILE +\(secret\) +pulled\/staging$/m)

    const held = 'while [ "$1" = build ]; do sleep 0.1; done\n'
    const next = repository.commit({ 'step.sh': held })
    const pushed = await hook.request({ number: 7, branch: 'buttons', head: next, action: 'synchronize' })
    const second = await deploymentOf(hook, pushed)
    await inStep(sluice, second, 'build')
    expect(processesWith(sluice, 'pulled/pr-7/1').length).toBeGreaterThan(0)
    const closed = await hook.request({ number: 7, branch: 'buttons', head: next, action: 'closed' })
    const earlier = sluice.killPart('server', 'SIGKILL')
    await sluice.waitForPart('server', earlier)
    await until(() =>
      hook.deliveries().then(
        (all) => all.find(({ id }) => id === closed.id)?.outcome === 'removed',
        () => false,
      ),
    )
    expect((await sluice.api('GET', '/v1/services/pulled/environments/pr-7')).status).toBe(404)
    expect((await hook.service.get('/', 'pr-7')).status).toBe(404)
    expect(processesWith(sluice, 'pulled/pr-7/1')).toEqual([])
    expect(processesWith(sluice, 'pulled/pr-7/2')).toEqual([])
    const named = (await readdir(sluice.home, { recursive: true })).filter((one) => /\bpr-7\b/.test(one))
    // Which numbers are over is remembered, so that a late step starts nothing.
    expect(named.filter((one) => !one.includes('.closed'))).toEqual([])
  },
)
