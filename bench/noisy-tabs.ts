import type { Browser, Page } from 'playwright-core'
import type { Sluice } from '../test/e2e/sluice.ts'
import { visit } from '../test/web/visitor.ts'

/** Windows that are opened at the same time: each begins a process. */
const atOnce = 4
/** Milliseconds. */
const patience = 300_000

/** A page of a deployment in a window of its own, all of which are in view and draw. */
export interface Tab {
  page: Page
  /** Resolves when the last line is in the document. */
  whole(): Promise<void>
  /** Numbers of the lines of noise that are in the document, in its order. */
  seen(): Promise<number[]>
  isFollowing(): Promise<boolean>
}

/** Opens pages of deployments in windows of their own: of one window only the tab in front keeps a stream. */
export async function tabsOf(browser: Browser, { url, token }: Sluice) {
  const first = await visit(browser, url)
  first.page.setDefaultTimeout(patience)
  await first.signIn(token)
  const cookies = await first.context.cookies()
  await first.context.close()
  const open = async (id: string): Promise<Tab> => {
    const { page, context } = await visit(browser, url)
    page.setDefaultTimeout(patience)
    await context.addCookies(cookies)
    await page.goto(`/deployments/${id}`)
    return tabOf(page)
  }
  return {
    open,
    async openMany(id: string, count: number): Promise<Tab[]> {
      const tabs: Tab[] = []
      while (tabs.length < count) {
        const some = Math.min(atOnce, count - tabs.length)
        tabs.push(...(await Promise.all(Array.from({ length: some }, () => open(id)))))
      }
      return tabs
    },
  }
}

function tabOf(page: Page): Tab {
  return {
    page,
    async whole() {
      const isWhole = () => document.getElementById('log')?.dataset['ended'] === 'true'
      await page.waitForFunction(isWhole, undefined, { polling: 500, timeout: patience })
    },
    seen: () =>
      page.$$eval('.line', (lines) =>
        lines.flatMap((line) => {
          const number = /^noise (\d+):/.exec(line.textContent)
          return number ? [Number(number[1])] : []
        }),
      ),
    isFollowing: async () => (await page.getAttribute('#log-follow', 'aria-pressed')) === 'true',
  }
}

/** Milliseconds from somebody's click on Cancel to the page that says that it was taken. */
export async function cancelByClick({ page }: Tab): Promise<number> {
  const began = performance.now()
  await page.click('summary:has-text("Cancel")')
  await page.click('text=Yes, cancel it')
  await page.locator('#status .canceled').or(page.getByText('Cancel requested')).first().waitFor()
  return Math.round(performance.now() - began)
}
