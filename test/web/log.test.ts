import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { addShop, end, token } from '../server/api.ts'
import { chromiumPath, noBrowser, openBrowser } from './browser.ts'
import { startDesk, type Desk } from './desk.ts'
import { numbered, startRunning, type Running } from './rows.ts'
import { visit, type Visitor } from './visitor.ts'

/** Patient: the machine may be busy with other tests. */
const soon = <T>(look: () => T) => expect.poll(look, { timeout: 20_000 })

async function openStreams({ call }: Desk): Promise<number> {
  const { text } = await call('GET', '/metrics')
  return Number(/^sluice_streams_open (\d+)$/m.exec(text)?.[1])
}

const name = `the log of a deployment${chromiumPath ? '' : ` (${noBrowser})`}`
describe.skipIf(!chromiumPath)(name, { timeout: 120_000 }, () => {
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
  // Not in each frame, as it would by itself: counting 100,000 lines takes longer than putting them in.
  const shows = (count: number) =>
    page.waitForFunction((wanted) => document.querySelectorAll('.line').length === wanted, count, {
      polling: count < 10_000 ? 50 : 500,
      timeout: 90_000,
    })
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
      await soon(fromEnd).toBeLessThanOrEqual(8)
    }
    expect(await page.getAttribute('#log-follow', 'aria-pressed')).toBe('true')
  })

  it('stays where it is once somebody scrolled up, and says how many lines are new', async () => {
    await running.print(...numbered(0, 300))
    await open()
    await shows(300)
    await soon(fromEnd).toBeLessThanOrEqual(8)
    await page.hover('#log')
    await page.mouse.wheel(0, -600)
    await soon(() => page.getAttribute('#log-follow', 'aria-pressed')).toBe('false')
    const at = await top()
    await running.print(...numbered(300, 40))
    await shows(340)
    expect(await top()).toBe(at)
    await soon(() => page.textContent('#log-new')).toBe('↓ 40 new lines')
    await page.click('#log-new')
    await soon(fromEnd).toBeLessThanOrEqual(8)
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

  it('takes 100,000 lines: nothing is lost, it follows, and goes on being scrolled and searched', async () => {
    const lines = numbered(0, 100_000)
    for (let at = 0; at < lines.length; at += 10_000) await running.print(...lines.slice(at, at + 10_000))
    await open()
    await shows(100_000)
    expect(
      await page.$$eval('.line', (all) => all.every((line, at) => line.textContent === `line ${at}`)),
    ).toBe(true)
    await soon(fromEnd).toBeLessThanOrEqual(8)
    await page.fill('#log-search', 'line 4999')
    await soon(() => page.textContent('#log-found')).toBe('11 lines')
    await page.press('#log-search', 'Enter')
    await soon(() => page.isVisible('#L5000')).toBe(true)
    // What is far from view is not laid out: a line there has no size of its own.
    expect(await page.$eval('#L1', (line) => line.checkVisibility({ contentVisibilityAuto: true }))).toBe(
      false,
    )
  })

  it('does not jump while somebody scrolls up past lines that are longer than the window', async () => {
    const long = (n: number) => `line ${n} ${'and so on '.repeat((n % 7) * 20)}`
    await running.print(...Array.from({ length: 3000 }, (_, n) => long(n)))
    await open()
    await shows(3000)
    await soon(fromEnd).toBeLessThanOrEqual(8)
    await page.hover('#log')
    for (let n = 0; n < 12; n++) {
      const moved = await page.evaluate(
        () =>
          new Promise<number>((resolve) => {
            const box = document.getElementById('log')!
            const { left, top, height } = box.getBoundingClientRect()
            const line = document.elementFromPoint(left + 200, top + height / 2)!.closest('.line')!
            const before = line.getBoundingClientRect().top
            box.scrollBy({ top: -200, behavior: 'instant' })
            requestAnimationFrame(() =>
              requestAnimationFrame(() => resolve(line.getBoundingClientRect().top - before)),
            )
          }),
      )
      expect(Math.abs(moved - 200)).toBeLessThanOrEqual(2)
    }
  })

  it('keeps no connection in a tab that nobody looks at, and misses nothing when it is looked at again', async () => {
    await running.print(...numbered(0, 10))
    await open()
    await shows(10)
    const look = (hidden: boolean) =>
      page.evaluate((value) => {
        Object.defineProperty(document, 'hidden', { value, configurable: true })
        document.dispatchEvent(new Event('visibilitychange'))
      }, hidden)
    await look(true)
    await soon(() => openStreams(desk)).toBe(0)
    await running.print(...numbered(10, 10))
    await end(desk, running.id, 'FAILED')
    await soon(() => page.title()).toContain('failed')
    expect(await page.getAttribute('link[rel=icon]', 'href')).toBe('/assets/icon/failed')
    await look(false)
    await shows(20)
    expect(await texts()).toEqual(numbered(0, 20))
  })

  it('always shows lines at its end while they rush in', async () => {
    await running.print(...numbered(0, 300))
    await open()
    await shows(300)
    await page.evaluate(() => {
      const seen = { frames: 0, blank: 0 }
      Object.assign(window, { seen })
      const look = () => {
        const box = document.getElementById('log')!.getBoundingClientRect()
        const at = document.elementFromPoint(box.left + 100, box.bottom - 30)
        seen.frames++
        if (!at?.closest('.line')?.checkVisibility({ contentVisibilityAuto: true })) seen.blank++
        requestAnimationFrame(look)
      }
      requestAnimationFrame(look)
    })
    for (let n = 1; n <= 20; n++) await running.print(...numbered(n * 300, 300))
    await shows(6300)
    const seen = await page.evaluate(
      () => (window as unknown as { seen: { frames: number; blank: number } }).seen,
    )
    expect(seen.frames).toBeGreaterThan(5)
    expect(seen.blank).toBe(0)
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

  it('is gone through step by step with keys, past those that have nothing to show', async () => {
    const { deployments } = desk.store
    await deployments.stepStarted(running.id, 'fetch', 1)
    await deployments.stepFinished(running.id, 'fetch', { status: 'SUCCEEDED', detail: null })
    await deployments.stepFinished(running.id, 'install', { status: 'SKIPPED', detail: 'nothing to install' })
    await running.print('alpha')
    await open()
    await shows(1)
    const focused = () => page.evaluate(() => document.activeElement?.textContent)
    await page.keyboard.press('j')
    expect(await focused()).toBe('fetch')
    await page.keyboard.press('j')
    expect(await focused()).toBe('build')
    await page.keyboard.press('Enter')
    expect(await page.inputValue('#log-step')).toBe('build')
    await page.keyboard.press('k')
    await page.keyboard.press('Enter')
    expect(await page.isHidden('#L1')).toBe(true)
    await page.keyboard.press('f')
    expect(await page.getAttribute('#log-follow', 'aria-pressed')).toBe('false')
  })

  it('searches, filters by step, and gives the whole as text', async () => {
    await running.print('alpha', 'beta <b>', 'gamma')
    await open()
    await shows(3)
    await page.keyboard.press('/')
    await page.keyboard.type('beta <b>')
    await soon(() => page.textContent('#log-found')).toBe('1 line')
    await page.selectOption('#log-step', 'fetch')
    expect(await page.isHidden('#L1')).toBe(true)
    await page.selectOption('#log-step', '')
    expect(await page.isVisible('#L1')).toBe(true)
    const raw = await page.request.get(`/deployments/${running.id}/log.txt?download`)
    expect(await raw.text()).toBe('alpha\nbeta <b>\ngamma\n')
    expect(raw.headers()['content-disposition']).toContain('attachment')
  })
})
