// Many tabs follow one deployment that prints thousands of lines a second: what they see, and what it costs the server.
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { repositoryRoot } from '../test/e2e/repository.ts'
import { deploymentWhen, expectStatus, finished, inStep, makeService } from '../test/e2e/service.ts'
import { startSluice, type Sluice } from '../test/e2e/sluice.ts'
import { openBrowser } from '../test/web/browser.ts'
import { tenths } from './figures.ts'
import { measured, serverMb } from './meanwhile.ts'
import { cancelByClick, tabsOf } from './noisy-tabs.ts'
import { processorSeconds } from './processor-time.ts'

/** Windows of a real browser, all of them in view. */
const tabs = Number(process.env['TABS'] ?? 20)
/** Readers of the API's own stream beside the tabs. */
const readers = Number(process.env['READERS'] ?? 2)
const perSecond = Number(process.env['PER_SECOND'] ?? 5_000)
const seconds = Number(process.env['SECONDS'] ?? 10)
const lines = perSecond * seconds

/** Prints on time however busy the machine is, twenty times a second; begins when everybody watches. */
const noisy = `import { existsSync } from 'node:fs'
while (!existsSync(process.argv[2])) await new Promise((done) => setTimeout(done, 20))
const began = performance.now()
let printed = 0
while (printed < ${lines}) {
  const due = Math.min(${lines}, Math.floor(((performance.now() - began) / 1000) * ${perSecond}))
  let text = ''
  while (printed < due) text += \`noise \${printed++}: src/pages/some-module-of-the-shop.ts compiled to dist\\n\`
  await new Promise((done) => process.stdout.write(text, done))
  await new Promise((done) => setTimeout(done, 50))
}
`

const root = repositoryRoot()
const sluice = await startSluice({ env: { SLUICE_SOURCE_ROOTS: root.directory } })
const browser = await openBrowser()
try {
  const service = await makeService(sluice, root.directory, 'noisy')
  const go = path.join(root.directory, 'go')
  service.repository.commit({
    'noisy.mjs': noisy,
    'sluice.yaml': `install: "true"\nbuild: node noisy.mjs ${go}\nstart: exec node server.js\n`,
  })
  const load = os.loadavg()[0]!
  const idle = await measured(sluice, () => sleep(5_000))
  const { id } = await service.start()
  await inStep(sluice, id, 'build')
  const opener = await tabsOf(browser, sluice)
  const all = await opener.openMany(id, tabs)
  const reading = readElsewhere(id)
  await Promise.all(all.map(({ page }) => page.waitForSelector('#step-build .running')))
  const [first, second] = await startPatient()
  await inStep(sluice, first, 'build')
  const other = await opener.open(first)
  say(`${tabs} tabs are open`)
  const watched = await measured(sluice, () => sleep(3_000))
  const before = processorTimes(sluice)
  const began = performance.now()
  const since = () => Math.round(performance.now() - began)
  writeFileSync(go, '')
  const arrivals = Promise.all(all.map((tab) => tab.whole().then(since)))
  const canceling = sleep((seconds * 1000) / 2).then(() =>
    Promise.all([cancelByApi(second), cancelByClick(other)]),
  )
  let printedMs = 0
  const noise = await measured(sluice, async () => {
    await deploymentWhen(sluice, id, ({ steps }) =>
      steps.some(({ name, status }) => name === 'build' && status === 'SUCCEEDED'),
    )
    printedMs = since()
    const { status, failure } = await finished(sluice, id)
    if (status !== 'SUCCEEDED') throw new Error(`${id} ended ${status}: ${JSON.stringify(failure)}`)
  })
  const deployMs = since()
  say(`the deployment has ended after ${deployMs} ms`)
  const arrived = { all: [] as number[] }
  const catchingUp = await measured(sluice, async () => {
    arrived.all = await arrivals
  })
  const after = processorTimes(sluice)
  const [byApi, byClick] = await canceling
  say(`all tabs have the last line after ${Math.max(...arrived.all)} ms`)
  const seen = await reading
  // One after the other: what each of them has is as large as the log.
  for (const tab of all) seen.push(await tab.seen())
  const following = await Promise.all(all.map((tab) => tab.isFollowing()))
  const result = {
    machine: { cpus: os.cpus().length, model: os.cpus()[0]?.model, node: process.version, loadBefore: load },
    ...{ tabs, readers, lines, perSecond },
    lost: seen.reduce((sum, one) => sum + (lines - new Set(one).size), 0),
    doubled: seen.reduce((sum, one) => sum + (one.length - new Set(one).size), 0),
    outOfOrder: seen.filter((one) => one.some((line, at) => at > 0 && line <= one[at - 1]!)).length,
    following: following.filter(Boolean).length,
    noiseToEndOfBuildMs: printedMs,
    noiseToEndOfDeploymentMs: deployMs,
    noiseToLastLineMs: { firstTab: Math.min(...arrived.all), lastTab: Math.max(...arrived.all) },
    cancelDuringNoiseMs: { byApi, byClick },
    apiMs: { idle: idle.api, watched: watched.api, noise: noise.api, catchingUp: catchingUp.api },
    serverMb: {
      ...{ idle: idle.mb, watched: watched.mb, noise: noise.mb, catchingUp: catchingUp.mb },
      after: serverMb(sluice),
    },
    processorSeconds: {
      server: tenths(after.server - before.server),
      browser: tenths(after.browser - before.browser),
    },
  }
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
  const folder = path.join(import.meta.dirname, 'results')
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'noisy-log.json'), `${JSON.stringify(result, null, 2)}\n`)
} finally {
  await browser.close()
  await sluice.stop()
  root.remove()
}
process.exit(0)

/** Ids of two deployments that end only when they are canceled: one builds, one waits behind it. */
async function startPatient(): Promise<[string, string]> {
  const { repository, start } = await makeService(sluice, root.directory, 'patient')
  repository.commit({
    'sluice.yaml': 'install: "true"\nbuild: sleep 3600\nstart: exec node server.js\n',
  })
  return [(await start()).id, (await start()).id]
}

/** Milliseconds to the answer that takes it. */
async function cancelByApi(id: string): Promise<number> {
  const began = performance.now()
  await expectStatus(sluice.api('POST', `/v1/deployments/${id}/cancel`, {}), 202, 200)
  return Math.round(performance.now() - began)
}

/** How far it is: with many tabs that takes minutes. */
function say(what: string): void {
  process.stderr.write(`${what}\n`)
}

/** In a thread of their own: what they take in must not delay those who ask the API meanwhile. */
async function readElsewhere(id: string): Promise<number[][]> {
  const url = `${sluice.url}/v1/deployments/${id}/logs`
  const workerData = { url, token: sluice.token, readers }
  const [seen] = (await once(
    new Worker(new URL('log-readers.ts', import.meta.url), { workerData }),
    'message',
  )) as [number[][]]
  return seen
}

/** Of the server, and of the browser with all its windows: what runs below this process and is not Sluice. */
function processorTimes(of: Sluice) {
  const server = processorSeconds(of.part('server').pid)
  return { server, browser: processorSeconds(process.pid) - processorSeconds(of.part('up').pid) }
}
