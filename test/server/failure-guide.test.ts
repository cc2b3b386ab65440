import { readFile } from 'node:fs/promises'
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

it('anchors are those of GitHub', () => {
  expect(anchorOf('Never listened')).toBe('never-listened')
  expect(anchorOf('What to do, then?')).toBe('what-to-do-then')
})
