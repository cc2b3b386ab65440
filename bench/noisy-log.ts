// Many tabs follow one deployment that prints thousands of lines a second: what they see, and what it costs the server.
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Page } from 'playwright-core'
import { repositoryRoot } from '../test/e2e/repository.ts'
import { finished, inStep, makeService } from '../test/e2e/service.ts'
import { startSluice, type Sluice } from '../test/e2e/sluice.ts'
import { openBrowser } from '../test/web/browser.ts'
import { visit } from '../test/web/visitor.ts'
import { spread } from './figures.ts'
import { numbersIn } from './noise.ts'

/** Windows of a real browser: three are what two processors can draw beside everything else. */
const tabs = Number(process.env['TABS'] ?? 3)
/** Readers of the same streams beside the tabs. */
const readers = Number(process.env['READERS'] ?? 20)
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
  const idle = await measured(sluice, () => sleep(5_000))
  const { id } = await service.start()
  await inStep(sluice, id, 'build')
  const pages = await Promise.all(Array.from({ length: tabs }, () => openTab(id)))
  const reading = readElsewhere(id)
  await Promise.all(pages.map((page) => page.waitForSelector('#step-build .running')))
  const watched = await measured(sluice, () => sleep(2_000))
  const began = performance.now()
  const noise = await measured(sluice, async () => {
    writeFileSync(go, '')
    const { status, failure } = await finished(sluice, id)
    if (status !== 'SUCCEEDED') throw new Error(`${id} ended ${status}: ${JSON.stringify(failure)}`)
  })
  const deployMs = Math.round(performance.now() - began)
  const isWhole = () => document.getElementById('log')?.dataset['ended'] === 'true'
  await Promise.all(
    pages.map((page) => page.waitForFunction(isWhole, undefined, { polling: 500, timeout: 180_000 })),
  )
  const seenMs = Math.round(performance.now() - began)
  const seen = [...(await Promise.all(pages.map(seenBy))), ...(await reading)]
  await sleep(2_000)
  const result = {
    machine: { cpus: os.cpus().length, model: os.cpus()[0]?.model, node: process.version },
    ...{ tabs, readers, lines, perSecond },
    lost: seen.reduce((sum, one) => sum + (lines - new Set(one).size), 0),
    doubled: seen.reduce((sum, one) => sum + (one.length - new Set(one).size), 0),
    outOfOrder: seen.filter((one) => one.some((line, at) => at > 0 && line <= one[at - 1]!)).length,
    following: (
      await Promise.all(pages.map((page) => page.getAttribute('#log-follow', 'aria-pressed')))
    ).filter((pressed) => pressed === 'true').length,
    noiseToEndOfDeploymentMs: deployMs,
    noiseToLastLineInLastTabMs: seenMs,
    apiMs: { idle: idle.api, watched: watched.api, noise: noise.api },
    serverMb: { idle: idle.mb, watched: watched.mb, noise: noise.mb, after: serverMb(sluice) },
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

/** A window of somebody else's browser: of one's own only the tab that is looked at keeps a stream. */
async function openTab(id: string): Promise<Page> {
  const { page, signIn } = await visit(browser, sluice.url)
  page.setDefaultTimeout(120_000)
  await signIn(sluice.token)
  await page.goto(`/deployments/${id}`)
  return page
}

async function seenBy(page: Page): Promise<number[]> {
  return (await page.$$eval('.line', (all) => all.map((line) => line.textContent))).flatMap(numbersIn)
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

/** Asks the API ten times a second meanwhile, and looks at the memory of its process. */
async function measured(of: Sluice, work: () => Promise<unknown>) {
  const answers: Promise<number>[] = []
  let mb = 0
  const ask = async () => {
    const began = performance.now()
    // A connection of its own: a kept one may be closed by the other side in the moment in which it is used.
    const { status } = await of.api('GET', '/v1/services', undefined, { connection: 'close' })
    if (status !== 200) throw new Error(`the API answered ${status}`)
    return performance.now() - began
  }
  const timer = setInterval(() => {
    answers.push(ask())
    mb = Math.max(mb, serverMb(of))
  }, 100)
  try {
    await work()
  } finally {
    clearInterval(timer)
  }
  return { api: spread(await Promise.all(answers)), mb }
}

function serverMb(of: Sluice): number {
  const status = readFileSync(`/proc/${of.part('server').pid}/status`, 'utf8')
  return Math.round(Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024)
}
