import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import { failureCodes, failureLink, type FailureCode } from '../../contract/failures.ts'
import { failureGuide } from '../../server/failure-guide.ts'
import { anchorOf, guidePage } from '../../server/guide-page.ts'

const guides = path.join(import.meta.dirname, '..', '..', 'docs', 'guides')

/** After a change of contract/failures.ts: `node bin/run.js vitest run test/server/failure-guide.test.ts -u`. */
it('the guide in the repository is the one that the failure codes make', async () => {
  await expect(failureGuide()).toMatchFileSnapshot(path.join(guides, 'when-a-deploy-fails.md'))
})

it('every failure links to a section that is there', async () => {
  for (const code of Object.keys(failureCodes) as FailureCode[]) {
    const [, name, anchor] = /^\/guides\/([a-z-]+)#(.+)$/.exec(failureLink(code))!
    const page = guidePage(await readFile(path.join(guides, `${name}.md`), 'utf8'))
    expect(page).toContain(`<h2 id="${anchor}">`)
  }
})

it('a guide is shown as text, never as markup of its own', () => {
  const page = guidePage(
    '# A <b>\n\nIt is `<i>` & **<u>**.\n\n- one\n- two `x`\n\n```sh\nrm <file>\n# not a heading\n```\n\n[a](javascript:x) [b](/c)',
  )
  expect(page).not.toMatch(/<(b|i|u|file)>/)
  expect(page).toContain('<code>&lt;i&gt;</code>')
  expect(page).toContain('<ul><li>one</li><li>two <code>x</code></li></ul>')
  expect(page).toContain('<pre><code>rm &lt;file&gt;\n# not a heading\n</code></pre>')
  expect(page).not.toContain('javascript:x"')
  expect(page).toContain('<a href="/c">b</a>')
})

it('tables are tables, and guides link each other', () => {
  const page = guidePage(
    '# A\n\n| a | b |\n|---|---|\n| `x` | <b> |\n| [one](how-deploys-work.md) | [two](../cli.md#env-set) <https://a.example/> |\n',
  )
  expect(page).toContain(
    '<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td><code>x</code></td>',
  )
  expect(page).toContain('<td>&lt;b&gt;</td>')
  expect(page).toContain('<a href="/guides/how-deploys-work">one</a>')
  expect(page).toContain(
    '<a href="/guides/cli#env-set">two</a> <a href="https://a.example/">https://a.example/</a>',
  )
})

it('every link of a guide leads to a page, and to a heading where it names one', async () => {
  const docs = path.dirname(guides)
  const names = (await readdir(guides)).filter((name) => name.endsWith('.md'))
  for (const name of names) {
    const text = await readFile(path.join(guides, name), 'utf8')
    for (const [, target = '', anchor] of text.matchAll(
      /\]\(((?:\.\.\/)*[A-Za-z./-]+)(?:#([a-z0-9-]+))?\)/g,
    )) {
      const file = path.resolve(guides, target)
      const linked = await readFile(file, 'utf8').catch(() => undefined)
      expect(linked, `${name} links ${target}`).toBeDefined()
      if (anchor) expect(guidePage(linked!), `${name} links ${target}#${anchor}`).toContain(`id="${anchor}"`)
      expect(file.startsWith(docs) || file.endsWith('CHANGELOG.md')).toBe(true)
    }
  }
})

it('anchors are those of GitHub', () => {
  expect(anchorOf('Never listened')).toBe('never-listened')
  expect(anchorOf('What to do, then?')).toBe('what-to-do-then')
})
