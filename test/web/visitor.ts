import type { Browser, BrowserContext, Page } from 'playwright-core'
import { expect } from 'vitest'

/** Somebody with a browser; whatever goes wrong in it is kept. */
export interface Visitor {
  page: Page
  context: BrowserContext
  signIn(token: string): Promise<void>
  /** Fails when something was logged as an error, the policy was broken, or another origin was asked. */
  expectNoTrouble(): void
}

export async function visit(
  browser: Browser,
  url: string,
  options: { width?: number; javaScriptEnabled?: boolean } = {},
): Promise<Visitor> {
  const { width = 1200, javaScriptEnabled = true } = options
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width, height: 900 },
    javaScriptEnabled,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  const trouble: string[] = []
  page.on('pageerror', (error) => trouble.push(error.message))
  page.on('dialog', (dialog) => {
    trouble.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('console', (message) => {
    // That an answer was 4xx, or that a connection was cut, is what some tests are about.
    const isAnswer = /the server responded with a status of 4\d\d|net::ERR_/.test(message.text())
    if (['error', 'warning'].includes(message.type()) && !isAnswer) trouble.push(message.text())
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`)) trouble.push(`asked ${request.url()}`)
  })
  return {
    page,
    context,
    async signIn(token) {
      await page.goto('/sign-in')
      await page.fill('#token', token)
      await page.click('main button')
      await page.waitForURL(`${url}/`)
    },
    expectNoTrouble: () => expect(trouble).toEqual([]),
  }
}
