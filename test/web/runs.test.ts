import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Preview, PreviewRule } from '../../contract/preview.ts'
import type { Run } from '../../contract/run.ts'
import { token } from '../server/api.ts'
import { startTemporalServer, type TemporalServer } from '../temporal-server.ts'
import { chromiumPath, noBrowser, openBrowser } from './browser.ts'
import { startDesk, type Desk } from './desk.ts'
import { furnish } from './furnished.ts'
import { signedIn, type Person } from './person.ts'
import { visit } from './visitor.ts'

let temporal: TemporalServer
let desk: Desk
let admin: Person
beforeAll(async () => {
  temporal = await startTemporalServer()
  desk = await startDesk(temporal.address)
  await furnish(desk)
  admin = await signedIn(desk, token)
}, 60_000)
afterAll(async () => {
  await desk?.stop()
  await temporal?.stop()
})

const environment = '/services/shop/environments/production'
const runs = `${environment}/runs`
const newest = async () => (await desk.call<{ data: Run[] }>('GET', `/v1${runs}`)).body.data[0]!
const print = (id: string, from: number, ...texts: string[]) =>
  desk.store.runs.output.append(id, {
    ...{ step: null, cursor: 'job', from, to: from + texts.length },
    lines: texts.map((text) => ({ at: new Date(), text })),
  })

describe('a run', () => {
  it('is started once however often the form is sent, and leads to its page', async () => {
    const form = (await admin.forms(runs)).find(({ action }) => action === runs)!
    const answers = [await admin.send(form, { command: 'echo <hi>' })]
    answers.push(await admin.send(form, { command: 'echo <hi>' }))
    const run = await newest()
    expect(run).toMatchObject({ command: 'echo <hi>', status: 'QUEUED', requestedBy: 'api' })
    for (const { status, html } of answers) expect([status, html]).toEqual([303, `${runs}/${run.id}`])
    const { html } = await admin.read(runs)
    expect(html.match(/echo &lt;hi&gt;/g)).toHaveLength(1)
  })

  it('of nothing is refused with the field; of another environment is not there', async () => {
    const form = (await admin.forms(runs)).find(({ action }) => action === runs)!
    expect(await admin.send(form, { command: '' })).toMatchObject({ status: 422 })
    const { id } = await newest()
    const elsewhere = runs.replace('production', 'staging')
    for (const page of ['', '/follow?logs=0', '/output.txt'])
      expect((await admin.read(`${elsewhere}/${id}${page}`)).status, page).toBe(404)
  })

  it('is text in full without a script', async () => {
    const { id } = await newest()
    await print(id, 0, ...Array.from({ length: 1200 }, (_, n) => `line ${n}`))
    const { html } = await admin.read(`${runs}/${id}/output.txt`)
    expect(html.split('\n')).toHaveLength(1201)
    expect(html).toMatch(/^line 0\n[\s\S]*\nline 1199\n$/)
  })
})

describe('cron', () => {
  it('is shown with its next time and its last turn, which leads to all of them', async () => {
    const { html } = await admin.read(environment)
    const [, cron = ''] = /<div id="cron"([\s\S]*?)<\/section>/.exec(html) ?? []
    for (const part of ['nightly', '0 2 * * *', '02:00 UTC', 'exit 7']) expect(cron).toContain(part)
    const turns = /href="([^"]*cronName=nightly)"/.exec(cron)![1]!
    const page = await admin.read(turns)
    expect(page.html).toContain('Turns of nightly')
    expect(page.html).not.toContain('echo &lt;hi&gt;')
    expect(page.html).toContain('exit 7')
  })
})

describe('previews', () => {
  const settings = '/services/shop/settings'
  const previews = async () =>
    (await desk.call<{ data: Preview[] }>('GET', '/v1/services/shop/previews')).body.data
  const rule = () => desk.call<PreviewRule>('GET', '/v1/services/shop/preview-rule')

  it('follow the rule that is set; a form that is sent as it is changes nothing', async () => {
    const before = (await rule()).body
    await admin.fill(settings, `${settings}/preview-rule`)
    expect((await rule()).body).toEqual(before)
    await admin.fill(settings, `${settings}/preview-rule`, {
      ...{ branches: 'feature/* fix/*', days: '2', maxOpen: '3', variablesFrom: '', domain: '' },
    })
    expect((await rule()).body).toEqual({
      ...{ ...before, branches: ['feature/*', 'fix/*'], ttl: 172_800, maxOpen: 3 },
      ...{ variablesFrom: null, domain: null },
    })
    const form = (await admin.forms(settings)).find(({ action }) => action.endsWith('/preview-rule'))!
    const refused = await admin.send(form, { days: '0', domain: 'no-number.example.com' })
    expect(refused.status).toBe(422)
    for (const part of ['/ttl', '/domain']) expect(refused.html).toContain(part)
  })

  it('are listed beside their end, removed, and gone with their rule', async () => {
    const page = '/services/shop'
    const { html } = await admin.read(page)
    expect(html).toContain((await previews())[0]!.expiresAt.slice(0, 10))
    await admin.fill(page, `${page}/previews/remove`, { environment: 'pr-12' })
    expect((await previews()).filter(({ state }) => state === 'open')).toEqual([])
    await admin.fill(settings, `${settings}/preview-rule/remove`)
    expect((await rule()).status).toBe(404)
  })
})

const name = `the page of a run${chromiumPath ? '' : ` (${noBrowser})`}`
describe.skipIf(!chromiumPath)(name, { timeout: 60_000 }, () => {
  let browser: Browser
  let page: Page
  beforeAll(async () => {
    browser = await openBrowser()
  }, 60_000)
  afterAll(() => browser?.close())

  it('shows what is printed as it comes, and how it ends; a cancel is passed on', async () => {
    const visitor = await visit(browser, desk.url)
    page = visitor.page
    await visitor.signIn(token)
    await page.goto(runs)
    await page.fill('#command', 'npm run reindex')
    await page.click('main button:text-is("Run")')
    await page.waitForURL(/\/runs\/run_[0-9a-f]{24}$/)
    const id = page.url().split('/').at(-1)!
    await page.waitForSelector('#status .queued')
    await desk.store.runs.started(id)
    await print(id, 0, 'first <b>', '\u001b[32mgreen\u001b[0m')
    await page.waitForSelector('#status .running')
    await page.waitForSelector('#L2 span')
    expect(await page.$$eval('#log .line', (lines) => lines.map((line) => line.textContent))).toEqual([
      'first <b>',
      'green',
    ])
    // It has no steps, so nothing stands above them.
    expect(await page.$$('.log-step, #log-step')).toEqual([])
    await page.click('.actions summary:text-is("Cancel")')
    await page.click('text=Yes, end it')
    await page.waitForURL(new RegExp(`${id}$`))
    await print(id, 2, 'last')
    await desk.store.runs.finish(id, { status: 'FAILED', exitCode: 3, note: 'ended <early>' })
    await page.waitForSelector('#status .failed')
    await page.waitForSelector('#log[data-ended] #L3')
    expect(await page.textContent('#status')).toContain('exit 3')
    expect(await page.textContent('#facts')).toContain('ended <early>')
    expect(await page.$$('summary:text-is("Cancel")')).toEqual([])
    visitor.expectNoTrouble()
    await visitor.context.close()
  })
})
