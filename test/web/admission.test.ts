import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Environment } from '../../contract/service.ts'
import { addShop, deploy, succeed, token } from '../server/api.ts'
import { chromiumPath, noBrowser, openBrowser } from './browser.ts'
import { startDesk, type Desk } from './desk.ts'
import { visit, type Visitor } from './visitor.ts'

const name = `how deployments begin${chromiumPath ? '' : ` (${noBrowser})`}`
describe.skipIf(!chromiumPath)(name, { timeout: 60_000 }, () => {
  let desk: Desk
  let browser: Browser
  let visitor: Visitor
  let page: Page

  beforeAll(async () => {
    ;[desk, browser] = await Promise.all([startDesk(), openBrowser()])
    await addShop(desk)
    await succeed(desk, await deploy(desk))
    visitor = await visit(browser, desk.url)
    page = visitor.page
    await visitor.signIn(token)
  }, 60_000)
  afterEach(() => visitor.expectNoTrouble())
  afterAll(async () => {
    await browser?.close()
    await desk?.stop()
  })

  const place = '/services/shop/environments/production'
  const environment = async () => (await desk.call<Environment>('GET', `/v1${place}`)).body
  /** Presses a button and then the one that asks whether one is sure. */
  async function press(within: string, button: string, sure: string): Promise<void> {
    await page.click(`${within} summary:text-is("${button}")`)
    await Promise.all([page.waitForNavigation(), page.click(`${within} .question button:text-is("${sure}")`)])
  }

  it('with a hold that says why, not at all, until it is lifted', async () => {
    await page.goto(place)
    await page.click('#hold summary')
    await page.fill('#hold-reason', 'the database <moves>')
    await Promise.all([page.waitForNavigation(), page.click('#hold .question button')])
    expect(await page.textContent('#hold')).toContain('the database <moves>')
    expect((await environment()).hold).toMatchObject({ reason: 'the database <moves>' })
    await page.click('.heading summary:text-is("Deploy")')
    await page.click('.heading .question button')
    await page.getByText('That was refused').waitFor()
    expect(await page.textContent('main')).toContain('the database <moves>')
    await page.click('text=Back')
    await press('#hold', 'Lift the hold', 'Yes, lift it')
    expect((await environment()).hold).toBeNull()
  })

  it('at no time of a freeze; each can be removed by itself', async () => {
    await page.goto(place)
    await page.click('#freezes summary')
    await page.fill('#freeze-cron', '0 0 29 2 *')
    await page.fill('#freeze-hours', '2')
    await page.fill('#freeze-reason', 'leap')
    await Promise.all([page.waitForNavigation(), page.click('#freezes button:text-is("Add")')])
    await page.click('#freezes summary:text-is("Add a freeze")')
    await page.fill('#freeze-from', '2036-12-24T12:00')
    await page.fill('#freeze-to', '2036-12-26T12:00')
    await page.fill('#freeze-reason', 'holidays')
    await Promise.all([page.waitForNavigation(), page.click('#freezes button:text-is("Add")')])
    expect((await environment()).freezes).toEqual([
      { cron: '0 0 29 2 *', seconds: 7200, timeZone: 'UTC', reason: 'leap' },
      { from: '2036-12-24T12:00:00.000Z', to: '2036-12-26T12:00:00.000Z', reason: 'holidays' },
    ])
    await press('#freezes li:has-text("leap")', 'Remove', 'Yes, remove it')
    expect((await environment()).freezes).toMatchObject([{ reason: 'holidays' }])
    await press('#freezes li:has-text("holidays")', 'Remove', 'Yes, remove it')
  })

  it('by the rules of the queue, which leave everything else as it is', async () => {
    const before = await environment()
    await page.goto(place)
    await page.check('#rules [name=autoDeploy]')
    await page.selectOption('#queue', 'reject')
    await page.fill('#approval', '30')
    await Promise.all([page.waitForNavigation(), page.click('#rules button')])
    const rules = { autoDeploy: true, queue: 'reject', approval: { within: 1800 } }
    expect(await environment()).toEqual({ ...before, ...rules })
    await page.uncheck('#rules [name=autoDeploy]')
    await page.selectOption('#queue', '')
    await page.fill('#approval', '')
    await Promise.all([page.waitForNavigation(), page.click('#rules button')])
    expect(await environment()).toEqual(before)
  })

  it('and go on when somebody says yes, or end when somebody says no and why', async () => {
    for (const [button, sure, answer] of [
      ['Approve', 'Yes, go on', { approved: true, reason: null }],
      ['Reject', 'Yes, reject it', { approved: false, reason: 'not on a <Friday>' }],
    ] as const) {
      const { id } = await deploy(desk)
      await desk.store.deployments.started(id, { runId: 'run', at: new Date() })
      await desk.store.deployments.approval(id, { waiting: true, detail: 'asked' })
      await page.goto(place)
      await page.click(`#approval-asked summary:text-is("${button}")`)
      if (!answer.approved) await page.fill('#reject-reason', answer.reason)
      await page.click(`#approval-asked .question button:text-is("${sure}")`)
      await page.waitForURL(`${desk.url}/deployments/${id}`)
      expect(desk.lanes.answered.at(-1)).toEqual({ deploymentId: id, by: 'api', ...answer })
      await desk.store.deployments.finish(id, {
        ...{ status: 'CANCELED', compensation: 'NONE', failure: null, step: null },
      })
    }
  })

  it('with the processes of the live release beside them, as its host sees them', async () => {
    await page.goto(place)
    expect(await page.textContent('#processes')).toContain('Not known yet')
    const { live } = await environment()
    const web = { name: 'web', port: 20_000, lastExit: null, startedAt: new Date().toISOString() }
    await desk.store.processes.observed('shop', 'production', {
      number: live!.number,
      processes: [{ ...web, state: 'running', pid: 4711, restarts: 2 }],
    })
    await page.getByText('2 restarts').waitFor()
    for (const part of ['Running', 'node server.js', 'process 4711', 'port 20000'])
      expect(await page.textContent('#processes')).toContain(part)
  })

  it('for variables that are not live yet, with a restart of the live release', async () => {
    await desk.call('PUT', `/v1${place}/variables/MODE`, { value: 'fast' })
    await page.goto(place)
    expect(await page.textContent('#pending')).toContain('MODE')
    await press('#pending', 'Apply', 'Yes, apply them')
    expect(desk.lanes.enqueued.at(-1)).toMatchObject({ trigger: 'restart' })
  })

  it('from a release that is kept; of the others the page says why not, and builds again', async () => {
    const [first, second, third] = [await deploy(desk), await deploy(desk), await deploy(desk)]
    for (const one of [first, second, third]) await succeed(desk, one)
    await desk.store.releases.gone([`shop.production.r${first.number}`])
    await page.goto(`${place}/releases`)
    const row = (number: number) => `#releases li:has-text("r${number}")`
    expect(await page.textContent(row(third.number))).toContain('Live')
    expect(await page.textContent(row(first.number))).toContain('No longer on the disk')
    await press(row(second.number), 'Roll back', 'Yes, roll back')
    expect(desk.lanes.enqueued.at(-1)).toMatchObject({ trigger: 'rollback', releaseNumber: second.number })
    await page.goto(`${place}/releases`)
    await press(row(first.number), 'Build again', 'Yes, build it again')
    expect(desk.lanes.enqueued.at(-1)).toMatchObject({ trigger: 'rebuild', rollbackOf: first.id })
  })
})
