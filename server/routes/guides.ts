import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Hono, type Context } from 'hono'
import type { AppEnv } from '../deps.ts'
import { guidePage } from '../guide-page.ts'

const docs = path.join(import.meta.dirname, '..', '..', 'docs')
/** What the guides lead to lies above them. */
const folders = [path.join(docs, 'guides'), docs]
const policy = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'"

const style = `body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.6 system-ui, sans-serif }
code, pre { font-family: ui-monospace, monospace; background: #8881; border-radius: 4px; padding: .1em .3em }
pre { padding: 1rem; overflow: auto }
pre code { background: none; padding: 0 }
table { border-collapse: collapse } th, td { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #8885 }
:target { background: #fd06; border-radius: 4px }
@media (prefers-color-scheme: dark) { body { background: #16181d; color: #e6e6e6 } a { color: #8ab4f8 } }
`

/** The guides of `docs/guides`; the link of a failure leads here. */
export const guideRoutes = () =>
  new Hono<AppEnv>()
    .get('/guides/style.css', (c) => c.body(style, 200, { 'Content-Type': 'text/css; charset=utf-8' }))
    .get('/guides/:name', async (c) => {
      const markdown = await readGuide(c.req.param('name'))
      if (markdown === undefined) return c.notFound()
      if (!wantsHtml(c)) return c.body(markdown, 200, { 'Content-Type': 'text/markdown; charset=utf-8' })
      return c.html(guidePage(markdown), 200, { 'Content-Security-Policy': policy })
    })

const wantsHtml = (c: Context) => (c.req.header('accept') ?? '').includes('text/html')

async function readGuide(name: string): Promise<string | undefined> {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) return undefined
  for (const folder of folders) {
    const text = await readFile(path.join(folder, `${name}.md`), 'utf8').catch(() => undefined)
    if (text !== undefined) return text
  }
  return undefined
}
