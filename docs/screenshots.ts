// Makes the pictures in docs/images from a real run: node bin/run.js node docs/screenshots.ts
import { mkdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Deployment } from '../contract/deployment.ts'
import type { Run } from '../contract/run.ts'
import { makeService, until } from '../test/e2e/service.ts'
import { startSluice } from '../test/e2e/sluice.ts'
import { openBrowser } from '../test/web/browser.ts'
import { visit } from '../test/web/visitor.ts'

const folder = path.join(import.meta.dirname, 'images')
const pages = ['home', 'about', 'cart', 'checkout', 'orders', 'account', 'search', 'help', 'press', 'jobs']
const build = `const green = (text) => '\\u001b[32m' + text + '\\u001b[0m'
console.log('\\u001b[1mshop\\u001b[0m production build')
for (const page of ${JSON.stringify(pages)}) console.log(green('✓'), 'pages/' + page + '.tsx', '\\u001b[2mcompiled\\u001b[0m')
console.log(green('done'), 'in 1.24 s')
`
const broken = `${build.split('\n').slice(0, 3).join('\n')}
console.error("\\u001b[31mpages/checkout.tsx(41,9): error TS2322: Type 'string' is not assignable to type 'number'.\\u001b[0m")
process.exit(2)
`
const config = 'install: "true"\nbuild: node build.mjs\nstart: exec node server.js\n'

// Its name is in the pictures.
const root = path.join(os.tmpdir(), 'code')
mkdirSync(root, { mode: 0o711 })
const sluice = await startSluice({ env: { SLUICE_SOURCE_ROOTS: root } })
const browser = await openBrowser()
try {
  mkdirSync(folder, { recursive: true })
  const blog = await makeService(sluice, root, 'blog', { variables: { MODE: 'static' } })
  const shop = await makeService(sluice, root, 'shop', { variables: { API_KEY: 'not shown' } })
  shop.repository.commit({ 'build.mjs': build, 'sluice.yaml': config }, 'Orders show what was paid')
  await expectEnd(blog.deploy(), 'SUCCEEDED')
  const live = await expectEnd(shop.deploy(), 'SUCCEEDED')
  shop.repository.commit({ 'build.mjs': broken }, 'Checkout in one step')
  const failed = await expectEnd(shop.deploy(), 'FAILED')

  const production = '/services/shop/environments/production'
  for (const command of ['node --version', 'ls', 'cat missing.txt']) await run(command)
  const schedule = { name: 'nightly', cron: '30 2 * * *', timeZone: 'Europe/Berlin' }
  await sluice.api('POST', `/v1${production}/schedules`, schedule)

  const { page, signIn } = await visit(browser, sluice.url, { width: 1120 })
  await signIn(sluice.token)
  const picture = async (name: string, address: string, shows: string) => {
    await page.goto(address)
    await page.waitForSelector(shows)
    await page.screenshot({ path: path.join(folder, `${name}.png`) })
  }
  await picture('services', '/', '.environment .live')
  await picture('deployment', `/deployments/${live.id}`, '#log[data-ended] .line')
  await picture('failed-deployment', `/deployments/${failed.id}`, '#log[data-ended] .line')
  await picture('service', '/services/shop', '.deployment-row')
  await picture('environment', production, '#variables')
  await picture('schedules', `${production}/schedules`, '#schedule-nightly')
  await picture('runs', `${production}/runs`, '#runs .failed')
  await page.emulateMedia({ colorScheme: 'dark' })
  await picture('dark', `/deployments/${live.id}`, '#log[data-ended] .line')
  await page.setViewportSize({ width: 360, height: 780 })
  await picture('phone', `/deployments/${live.id}`, '#log[data-ended] .line')

  async function run(command: string): Promise<void> {
    const { body } = await sluice.api<Run>('POST', `/v1${production}/runs`, { command })
    await until(async () => {
      const { body: now } = await sluice.api<Run>('GET', `/v1${production}/runs/${body.id}`)
      return now.finishedAt !== null
    })
  }
} finally {
  await browser.close()
  await sluice.stop()
  rmSync(root, { recursive: true })
}
process.exit(0)

async function expectEnd(ending: Promise<Deployment>, status: string): Promise<Deployment> {
  const deployment = await ending
  if (deployment.status === status) return deployment
  throw new Error(`${deployment.id} ended ${deployment.status}: ${JSON.stringify(deployment.failure)}`)
}
