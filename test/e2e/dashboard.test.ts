import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath, noBrowser, openBrowser } from '../web/browser.ts'
import { visit, type Visitor } from '../web/visitor.ts'
import { makeRepository, type Repository } from './repository.ts'
import type { Sluice } from './sluice.ts'
import { useSluice } from './use-sluice.ts'

const name = `a service from the browser alone${chromiumPath ? '' : ` (${noBrowser})`}`

describe.skipIf(!chromiumPath)(name, () => {
  let sluice: Sluice
  let browser: Browser
  let visitor: Visitor
  let page: Page
  let repository: Repository
  const root = useSluice((started) => {
    sluice = started
  })
  beforeAll(async () => {
    browser = await openBrowser()
    visitor = await visit(browser, sluice.url)
    page = visitor.page
    page.setDefaultTimeout(30_000)
    repository = makeRepository(root.directory, 'shop')
  }, 60_000)
  afterEach(() => visitor.expectNoTrouble())
  afterAll(() => browser?.close())

  const environment = '/services/shop/environments/production'
  const ended = (status: string) => page.waitForSelector(`#status .${status}`)
  async function press(button: string, sure?: string): Promise<void> {
    await page.click(`.actions :is(summary, button):text-is("${button}")`)
    if (sure) await page.click(`.question button:text-is("${sure}")`)
  }
  /** Presses Deploy on the environment's page and waits for the page of the deployment. */
  async function deploy(): Promise<void> {
    await page.goto(environment)
    await press('Deploy', 'Deploy')
    await page.waitForURL(/\/deployments\/shop\.production\.\d+$/)
  }
  async function setVariables(lines: string): Promise<void> {
    await page.goto(environment)
    await page.fill('#lines', lines)
    await page.click('#variables button:text-is("Set")')
    await page.waitForURL(`${sluice.url}${environment}#variables`)
  }

  it('lets in who has the token, or the link of `sluice open`, and nobody else', async () => {
    await page.goto('/sign-in')
    await page.fill('#token', 'slc_not-the-right-one')
    await page.click('main button')
    await page.getByText('That token is not the right one.').waitFor()
    const { stdout } = await sluice.cli('open')
    expect(stdout).toContain(`${sluice.url}/sign-in#sli_`)
    await page.goto(stdout.trim())
    await page.waitForURL(`${sluice.url}/`)
    await page.click('text=Sign out')
    await visitor.signIn(sluice.token)
  })

  it('is added, planned, checked and live', async () => {
    await page.getByText('Nothing is deployed yet').waitFor()
    await page.click('text=New service')
    await page.fill('#url', repository.directory)
    await page.fill('#serviceId', 'shop')
    await page.click('main button')
    await page.waitForURL(/\/check$/)
    expect(await page.textContent('.plan')).toContain('sh step.sh build')
    await setVariables('COUNT_FILE=/dev/null\nHOLD_build=1')
    await page.goto(`${environment}/check`)
    await press('Deploy')
    await page.waitForSelector('#step-build .running')
    expect(await page.title()).toContain('running shop #1')
    await page.waitForSelector('#step-build .succeeded')
    await page.waitForSelector('#step-validate .succeeded')
    await ended('succeeded')
    await page.waitForSelector('#status .live')
    expect(await page.getAttribute('link[rel=icon]', 'href')).toBe('/assets/icon/succeeded')
    await page.goto('/')
    await page.waitForSelector('.environment .live')
  })

  it('fails with step, lines and hint; the old release stays live; and is retried', async () => {
    repository.commit({ 'step.sh': 'echo "$1 is broken" >&2\n[ "$1" != build ]\n' })
    await deploy()
    await ended('failed')
    const failure = (await page.textContent('.failure'))!
    for (const part of ['build failed', 'BuildFailed', 'build is broken', 'What to do'])
      expect(failure).toContain(part)
    expect(await page.textContent('.compensation')).toContain('removed')
    repository.commit({ 'step.sh': '[ "$1" != build ] || sleep "${HOLD_build:-0}"\n', 'version.txt': 'v2\n' })
    await press('Retry', 'Yes, deploy it')
    await page.waitForURL(/production\.3$/)
    await ended('failed')
  })

  it('is canceled in the middle', async () => {
    await setVariables('HOLD_build=60')
    // A file where the folder of its release belongs: whoever looks after the host will have put it right in a moment.
    const releases = path.join(sluice.home, 'environments', 'shop', 'production', 'releases')
    writeFileSync(path.join(releases, '4'), '')
    await deploy()
    const waits = page.locator('#step-fetch .retry')
    await waits.getByText(/^in [1-5] s$/).waitFor()
    expect(await waits.textContent()).toMatch(/^Attempt \d+ failed, next try .*: (EEXIST|ENOTDIR)/)
    expect((await sluice.cli('status', 'shop')).stdout).toMatch(/fetch.*next try .*(EEXIST|ENOTDIR)/)
    rmSync(path.join(releases, '4'))
    await page.waitForSelector('#step-build .running')
    await press('Cancel', 'Yes, cancel it')
    await ended('canceled')
  })

  it('goes back to the release before', async () => {
    await setVariables('HOLD_build=0')
    expect(await page.textContent('#variables li:has-text("HOLD_build")')).toContain('pending')
    await deploy()
    await ended('succeeded')
    await page.goto(environment)
    expect(await page.textContent('#variables li:has-text("HOLD_build")')).not.toContain('pending')
    await page.goBack()
    await press('Roll back', 'Yes, roll back')
    await page.waitForURL(/production\.6$/)
    await ended('succeeded')
    await page.goto(environment)
    expect(await page.textContent('#releases li:has(.live)')).toContain('shop.production.r1')
  })

  it('gets a changed variable when it is applied', async () => {
    await setVariables('MODE=two')
    expect(await page.textContent('#pending')).toContain('MODE')
    await press('Apply', 'Yes, apply them')
    await page.waitForURL(/production\.7$/)
    await ended('succeeded')
    await page.goto(environment)
    expect(await page.$$('#pending')).toEqual([])
  })

  it('is deployed by a schedule, whose next times and last deployment it shows', async () => {
    await page.click('.actions a:text-is("Schedules")')
    await page.fill('#name', 'nightly')
    await page.selectOption('#kind', 'redeploy')
    await page.fill('#cron', '30 2 * * *')
    await page.click('button:text-is("Create")')
    const schedule = page.locator('#schedule-nightly')
    expect(await schedule.locator('ol li').allTextContents()).toEqual(
      Array(5).fill(expect.stringContaining('02:30')),
    )
    await press('Run now', 'Yes, run it')
    await schedule.locator('a:text-is("shop.production.8")').click()
    await ended('succeeded')
    expect(await page.textContent('#facts')).toContain('schedule')
  })

  it('runs a command with the variables that are live, and shows what it prints', async () => {
    await page.goto(`${environment}/runs`)
    await page.fill('#command', 'echo "mode $MODE"; exit 3')
    await page.click('main button:text-is("Run")')
    await ended('failed')
    await page.waitForSelector('#log[data-ended]')
    expect(await page.textContent('#log')).toBe('mode two')
    expect(await page.textContent('#status')).toContain('exit 3')
  })

  it('is seen by a viewer, who can change nothing', async () => {
    await page.goto('/settings')
    await page.fill('#name', 'guest')
    await page.selectOption('#role', 'viewer')
    await page.click('#tokens button.primary')
    const token = await page.textContent('#tokens pre.command')
    const guest = await visit(browser, sluice.url)
    await guest.signIn(token!)
    for (const place of [environment, '/deployments/shop.production.8', `${environment}/runs`]) {
      await guest.page.goto(place)
      expect(await guest.page.textContent('main')).toContain('shop')
      expect(await guest.page.$$('main form[method=post]'), place).toEqual([])
    }
    guest.expectNoTrouble()
    await guest.context.close()
  })
})
