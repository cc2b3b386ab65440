import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Deployment } from '../../contract/deployment.ts'
import { end, token } from '../server/api.ts'
import { startTemporalServer, type TemporalServer } from '../temporal-server.ts'
import { chromiumPath, noBrowser, openBrowser } from './browser.ts'
import { startDesk, type Desk } from './desk.ts'
import { furnish, hostile, seen, type Furnished } from './furnished.ts'
import { startRunning } from './rows.ts'
import { visit, type Visitor } from './visitor.ts'

const name = `the dashboard${chromiumPath ? '' : ` (${noBrowser})`}`
describe.skipIf(!chromiumPath)(name, { timeout: 60_000 }, () => {
  let temporal: TemporalServer
  let desk: Desk
  let furnished: Furnished
  let browser: Browser
  let visitor: Visitor
  let page: Page
  let live: Deployment
  let failed: Deployment

  beforeAll(async () => {
    ;[temporal, browser] = await Promise.all([startTemporalServer(), openBrowser()])
    desk = await startDesk(temporal.address)
    furnished = await furnish(desk)
    ;({ live, failed } = furnished)
    visitor = await visit(browser, desk.url)
    page = visitor.page
    await visitor.signIn(token)
  }, 60_000)
  afterEach(() => {
    desk.findings.length = 0
    visitor.expectNoTrouble()
  })
  afterAll(async () => {
    await browser?.close()
    await desk?.stop()
    await temporal?.stop()
  })

  const environment = '/services/shop/environments/production'
  it('lets nobody in without the token, then leads to where one wanted to go', async () => {
    const stranger = await visit(browser, desk.url)
    await stranger.page.goto(`/deployments/${failed.id}`)
    expect(new URL(stranger.page.url()).pathname).toBe('/sign-in')
    await stranger.page.fill('#token', 'slc_not-the-right-one')
    await stranger.page.click('main button')
    await stranger.page.getByText('That token is not the right one.').waitFor()
    await stranger.page.fill('#token', token)
    await stranger.page.click('main button')
    await stranger.page.waitForURL(`${desk.url}/deployments/${failed.id}`)
    const [cookie] = await stranger.context.cookies()
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' })
    expect(cookie!.value).not.toContain(token)
    await stranger.page.click('text=Sign out')
    await stranger.page.goto('/')
    expect(new URL(stranger.page.url()).pathname).toBe('/sign-in')
    stranger.expectNoTrouble()
    await stranger.context.close()
  })

  it('lets in by a link that works once, and leaves nothing of it in the address', async () => {
    const { body } = await desk.call<{ url: string }>('POST', '/v1/sign-in-links')
    const { hash } = new URL(body.url)
    const guest = await visit(browser, desk.url)
    // The page may be open already: then only what is behind the `#` is new.
    await guest.page.goto('/sign-in')
    await guest.page.goto(`/sign-in${hash}`)
    await guest.page.waitForURL(`${desk.url}/`)
    await guest.page.getByText('shop').first().waitFor()
    const second = await visit(browser, desk.url)
    await second.page.goto(`/sign-in${hash}`)
    await second.page.getByText('That link was used already').waitFor()
    expect(second.page.url()).not.toContain('sli_')
    expect(await second.context.cookies()).toEqual([])
    await second.page.goto('/')
    expect(new URL(second.page.url()).pathname).toBe('/sign-in')
    expect(desk.logged.join('')).not.toContain(hash.slice(1))
    for (const one of [guest, second]) {
      one.expectNoTrouble()
      await one.context.close()
    }
  })

  /** Pages that say nothing which somebody else has written. */
  const quiet = ['/new', '/hosts']

  it(
    'shows hostile text as text, and is no burden to assistive technology',
    { timeout: 180_000 },
    async () => {
      const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
      const link = '/guides/before-a-deploy'
      desk.findings.push({ code: 'DatabaseUnreachable', message: hostile, link, fix: hostile })
      for (const path of furnished.pages) {
        const answer = await page.goto(path)
        expect(answer!.status(), path).toBe(200)
        expect((await answer!.body()).length, path).toBeLessThan(100 * 1024)
        expect(await page.$$('img[src="x"], main script, [onerror], [href^="javascript"]'), path).toEqual([])
        // As text and not left out.
        if (!quiet.includes(path)) expect(await page.textContent('main'), path).toContain(seen)
        expect(await questionsOutside(page), path).toEqual([])
        await page.evaluate(axe)
        const { violations } = await page.evaluate<{
          violations: { id: string; nodes: { html: string }[] }[]
        }>(`axe.run({ runOnly: ['wcag2a', 'wcag2aa'] })`)
        expect(
          violations.map(({ id, nodes }) => [id, nodes[0]?.html]),
          path,
        ).toEqual([])
      }
      await page.goto(`/deployments/${failed.id}`)
      expect(await page.textContent('.failure .what')).toContain(seen)
      expect(await page.textContent('.last-lines')).toContain(seen)
      expect(await page.textContent('.failure')).toContain('What to do')
      expect(await page.getAttribute('.failure p a', 'href')).toBe('/guides/when-a-deploy-fails#build-failed')
    },
  )

  it('fits a small phone', { timeout: 120_000 }, async () => {
    const phone = await visit(browser, desk.url, { width: 360 })
    await phone.signIn(token)
    for (const path of furnished.pages) {
      await phone.page.goto(path)
      const wide = await phone.page.evaluate(() =>
        [...document.querySelectorAll('main *')]
          .filter(
            (one) => document.documentElement.scrollWidth > 360 && one.getBoundingClientRect().right > 360,
          )
          .map((one) => `${one.tagName} ${one.className}`),
      )
      expect(wide, path).toEqual([])
      expect(await questionsOutside(phone.page), path).toEqual([])
    }
    phone.expectNoTrouble()
    await phone.context.close()
  })

  it('is usable without a script', async () => {
    const plain = await visit(browser, desk.url, { javaScriptEnabled: false })
    await plain.signIn(token)
    await plain.page.goto(`/deployments/${live.id}`)
    await plain.page.click('summary:has-text("Roll back")')
    await plain.page.click('text=Yes, roll back')
    await plain.page.waitForURL(/production\.\d+$/)
    expect(desk.lanes.enqueued.at(-1)).toMatchObject({ trigger: 'rollback' })
    await end(desk, new URL(plain.page.url()).pathname.split('/').at(-1)!, 'CANCELED')
    await plain.context.close()
  })

  it('advances while it is open: steps, title, icon, and what can be done', async () => {
    const running = await startRunning(desk)
    await page.goto(`/deployments/${running.id}`)
    await page.waitForSelector('#step-build .running')
    // In columns: the words of a step do not run into each other.
    expect(await page.$eval('#step-build', (step) => getComputedStyle(step).display)).toBe('grid')
    expect(await page.title()).toBe(`running shop #${running.number} · Sluice`)
    // It turns once a second, with the times: what is animated has every tab drawn sixty times a second.
    await page.waitForFunction(() => {
      const sign = document.querySelector<HTMLElement>('#step-build .running .sign')
      return sign && !['', '0deg'].includes(sign.style.rotate)
    })
    expect(await page.evaluate(() => document.getAnimations().length)).toBe(0)
    await desk.store.deployments.stepFinished(running.id, 'build', { status: 'SUCCEEDED', detail: 'took it' })
    await desk.store.deployments.stepStarted(running.id, 'validate', 2)
    await page.waitForSelector('#step-build .succeeded')
    await page.getByText('attempt 2').waitFor()
    const failed = { attempt: 2, reason: 'no <route> to it', nextIn: 90_000 }
    await desk.store.deployments.attemptFailed(running.id, 'validate', failed)
    const waits = page.locator('#step-validate .retry')
    expect(await waits.textContent()).toMatch(/^Attempt 2 failed, next try in \d\d s: no <route> to it$/)
    const seconds = await waits.locator('time').textContent()
    await expect.poll(() => waits.locator('time').textContent(), { timeout: 10_000 }).not.toBe(seconds)
    await desk.store.deployments.stepStarted(running.id, 'validate', 3)
    await waits.waitFor({ state: 'detached' })
    await page.click('summary:has-text("Cancel")')
    await page.click('text=Yes, cancel it')
    await page.getByText('Cancel requested').waitFor()
    expect(desk.lanes.canceled).toContain(running.id)
    await end(desk, running.id, 'CANCELED')
    await page.waitForSelector('#status .canceled')
    expect(await page.title()).toBe(`canceled shop #${running.number} · Sluice`)
    expect(await page.getAttribute('link[rel=icon]', 'href')).toBe('/assets/icon/canceled')
    await page.click('summary:has-text("Retry")')
    await page.click('text=Yes, deploy it')
    await page.waitForURL(`${desk.url}/deployments/shop.production.${running.number + 1}`)
    await end(desk, `shop.production.${running.number + 1}`, 'CANCELED')
    await page.click('button:has-text("Archive")')
    await page.waitForSelector('button:has-text("Unarchive")')
  })

  it('takes pasted variables, shows no secret, and says what is not live yet', async () => {
    await page.goto(environment)
    await page.fill('#lines', '# a comment\nexport API_KEY="s3cret-value"\nMODE=fast')
    await page.click('#variables button:has-text("Set")')
    await page.waitForURL(`${desk.url}${environment}#variables`)
    const text = await page.textContent('#variables')
    for (const part of ['API_KEY', 'MODE', 'pending', 'not live yet']) expect(text).toContain(part)
    expect(await page.content()).not.toContain('s3cret-value')
    const { body } = await desk.call<{ data: { name: string }[] }>('GET', `/v1${environment}/variables`)
    expect(body.data.map(({ name }) => name)).toEqual(expect.arrayContaining(['API_KEY', 'MODE']))
  })

  it('shows what a preflight found beside the way to its fix', async () => {
    desk.findings.push({
      code: 'DatabaseUnreachable',
      message: 'no answer',
      link: `${environment}#variables`,
      guide: '/guides/when-a-deploy-fails#database-unreachable',
      fix: 'sluice env set shop production DATABASE_URL=…',
    })
    await page.goto(`${environment}/check`)
    expect(await page.textContent('.findings')).toContain('sluice env set shop')
    expect(await page.getAttribute('.findings a', 'href')).toBe(`${environment}#variables`)
    await page.goto(environment)
    await page.click('summary:has-text("Deploy")')
    await page.click('.question button:text-is("Deploy")')
    await page.getByText('That was refused').waitFor()
    expect(await page.textContent('main')).toContain('no answer')
    desk.findings.length = 0
  })

  it('shows what differs from the live release', async () => {
    const [older] = (
      await desk.store.deployments.list({ serviceId: 'shop', includeArchived: true, limit: 50 })
    ).data.filter(({ status, live: isLive }) => status === 'SUCCEEDED' && !isLive)
    await page.goto(`/deployments/${older!.id}`)
    const nowLive = (await desk.store.environments.find('shop', 'production'))!.live!.deploymentId
    expect(await page.textContent('.difference summary')).toContain(`${nowLive}: another commit`)
    await page.click('.difference summary')
    expect(await page.textContent('.difference li')).toContain(seen)
    await page.goto(`/deployments/${nowLive}`)
    expect(await page.$('.difference')).toBeNull()
  })

  it('has keys for what one does often', async () => {
    await page.goto('/services/shop')
    await page.keyboard.press('j')
    await page.keyboard.press('j')
    const second = await page.$$eval('[data-entry]', (entries) =>
      entries[1]!.contains(document.activeElement),
    )
    expect(second).toBe(true)
    await page.keyboard.press('?')
    expect(await page.isVisible('#keys')).toBe(true)
    await page.keyboard.press('Escape')
    expect(await page.isVisible('#keys')).toBe(false)
  })
})

/** Buttons whose question, once it is open, cannot be reached: it begins or ends beside the page. */
const questionsOutside = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLDetailsElement>('main details.confirm')].flatMap((one) => {
      one.open = true
      const { left, right } = one.querySelector('.question')!.getBoundingClientRect()
      one.open = false
      return left < 0 || right > document.documentElement.clientWidth ? [one.textContent] : []
    }),
  )
