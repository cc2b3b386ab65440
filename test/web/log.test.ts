import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { addShop, end, token } from '../server/api.ts'
import { chromiumPath, noBrowser, openBrowser } from './browser.ts'
import { startDesk, type Desk } from './desk.ts'
import { numbered, startRunning, type Running } from './rows.ts'
import { visit, type Visitor } from './visitor.ts'

const name = `the log of a deployment${chromiumPath ? '' : ` (${noBrowser})`}`
describe.skipIf(!chromiumPath)(name, { timeout: 60_000 }, () => {
  let desk: Desk
  let browser: Browser
  let visitor: Visitor
  let page: Page
  let running: Running

  beforeAll(async () => {
    ;[desk, browser] = await Promise.all([startDesk(), openBrowser()])
    await addShop(desk)
    visitor = await visit(browser, desk.url)
    page = visitor.page
    await visitor.signIn(token)
  }, 60_000)
  beforeEach(async () => {
    running = await startRunning(desk)
  })
  afterEach(() => visitor.expectNoTrouble())
  afterAll(async () => {
    await browser?.close()
    await desk?.stop()
  })

  const open = (hash = '') => page.goto(`/deployments/${running.id}${hash}`)
  const shows = (count: number) =>
    page.waitForFunction((wanted) => document.querySelectorAll('.line').length === wanted, count)
  const fromEnd = () =>
    page.$eval('#log', (box) => Math.round(box.scrollHeight - box.scrollTop - box.clientHeight))
  const top = () => page.$eval('#log', (box) => box.scrollTop)
  const texts = () => page.$$eval('.line', (lines) => lines.map((line) => line.textContent))

  it('follows for as long as nobody scrolls up, however fast it grows', async () => {
    await running.print(...numbered(0, 300))
    await open()
    await shows(300)
    for (let n = 1; n <= 5; n++) {
      await running.print(...numbered(n * 300, 300))
      await shows(300 + n * 300)
      await expect.poll(fromEnd).toBeLessThanOrEqual(8)
    }
    expect(await page.getAttribute('#log-follow', 'aria-pressed')).toBe('true')
  })

  it('stays where it is once somebody scrolled up, and says how many lines are new', async () => {
    await running.print(...numbered(0, 300))
    await open()
    await shows(300)
    await expect.poll(fromEnd).toBeLessThanOrEqual(8)
    await page.hover('#log')
    await page.mouse.wheel(0, -600)
    await expect.poll(() => page.getAttribute('#log-follow', 'aria-pressed')).toBe('false')
    const at = await top()
    await running.print(...numbered(300, 40))
    await shows(340)
    expect(await top()).toBe(at)
    await expect.poll(() => page.textContent('#log-new')).toBe('↓ 40 new lines')
    await page.click('#log-new')
    await expect.poll(fromEnd).toBeLessThanOrEqual(8)
    expect(await page.isHidden('#log-new')).toBe(true)
  })

  it('keeps the selection, and every line, when more comes and when it ends', async () => {
    await running.print(...numbered(0, 10))
    await open()
    await shows(10)
    await page.$eval('#L3', (line) => getSelection()!.selectAllChildren(line))
    await running.print(...numbered(10, 50))
    await shows(60)
    await end(desk, running.id, 'FAILED')
    await page.waitForSelector('#status .failed')
    expect(await page.evaluate(() => getSelection()!.toString())).toBe('line 2')
    expect(await texts()).toEqual(numbered(0, 60))
  })

  it('shows colours, overwrites a progress bar, and takes everything else as text', async () => {
    await running.print(
      'plain \u001b[1;32mgreen\u001b[0m',
      '10 %\r',
      '90 %\r',
      'done',
      '\u001b]52;c;aGk=\u0007\u001b[2J<img src=x onerror=alert(1)>\u0000',
    )
    await open()
    await shows(3)
    expect(await texts()).toEqual(['plain green', 'done', '<img src=x onerror=alert(1)>␀'])
    expect(await page.$eval('.line span', (span) => [span.className, span.textContent])).toEqual([
      'fg2 bold',
      'green',
    ])
    expect(await page.$$('#log img')).toEqual([])
  })

  it('goes on after a lost connection, without a gap or a double', async () => {
    await open()
    for (let n = 0; n < 5; n++) {
      await running.print(...numbered(n * 20, 20))
      await shows(n * 20 + 20)
      desk.cut()
    }
    await end(desk, running.id, 'SUCCEEDED')
    await page.waitForSelector('#status .succeeded')
    expect(await texts()).toEqual(numbered(0, 100))
  })

  it('leads to the line that an address names', async () => {
    await running.print(...numbered(0, 400))
    await open('#L120')
    await page.waitForSelector('#L120.marked')
    await shows(400)
    expect(await page.isVisible('#L120')).toBe(true)
    expect(await fromEnd()).toBeGreaterThan(100)
    await page.click('#L122', { position: { x: 20, y: 10 } })
    expect(new URL(page.url()).hash).toBe('#L122')
  })

  it('searches, filters by step, and gives the whole as text', async () => {
    await running.print('alpha', 'beta <b>', 'gamma')
    await open()
    await shows(3)
    await page.keyboard.press('/')
    await page.keyboard.type('beta <b>')
    await expect.poll(() => page.textContent('#log-found')).toBe('1 line')
    await page.selectOption('#log-step', 'fetch')
    expect(await page.isHidden('#L1')).toBe(true)
    await page.selectOption('#log-step', '')
    expect(await page.isVisible('#L1')).toBe(true)
    const raw = await page.request.get(`/deployments/${running.id}/log.txt?download`)
    expect(await raw.text()).toBe('alpha\nbeta <b>\ngamma\n')
    expect(raw.headers()['content-disposition']).toContain('attachment')
  })
})
