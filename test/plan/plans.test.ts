import { expect, test } from 'vitest'
import { planSchema } from '../../contract/plan.ts'
import { explain } from '../../plan/explain.ts'
import { plan } from '../../plan/index.ts'
import { treeOf, trees } from './trees.ts'

test.each(Object.keys(trees))('plans %s', async (name) => {
  const planned = plan(treeOf(trees[name]!))
  expect(planSchema.parse(planned)).toEqual(planned)
  const file = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
  await expect(`${explain(planned).join('\n')}\n`).toMatchFileSnapshot(`plans/${file}.txt`)
})

test('every line of an explanation is printable, whatever the repository says', () => {
  const planned = plan(treeOf({ Procfile: 'web: echo \u001B[2J\u0007 hi\n' }))
  expect(explain(planned).join('')).not.toMatch(/\p{Cc}/u)
})
