import { expect, test } from 'vitest'
import type { Plan } from '../../contract/plan.ts'
import { plan } from '../../plan/index.ts'
import { parseSluiceYaml } from '../../plan/sluice-yaml.ts'
import { starterFile } from '../../plan/starter-file.ts'
import { treeOf, trees } from './trees.ts'

/** What is done, without why; what of other platforms counts for build and service may come from either file. */
const done = ({ install, build, start, migrate, reload, root, healthPath, cron, tools, ...rest }: Plan) => ({
  commands: [install, build, start, migrate, reload].map((one) => one?.command ?? null),
  ...{ root, healthPath, migrateCheck: migrate?.check, repeatable: migrate?.repeatable },
  cron: cron.map(({ name, schedule, command }) => ({ name, schedule, command })),
  tools: tools.map(({ name, version }) => ({ name, version })),
  processes: Object.keys(rest.processes),
  environment: rest.environment,
  buildEnvironment: rest.buildEnvironment,
  packs: rest.packs?.map(({ name, ref }) => ({ name, ref })),
})

test.each(Object.keys(trees))('the file for %s says what is detected, and changes nothing', (name) => {
  const files = trees[name]!
  const detected = plan(treeOf(files))
  const text = starterFile(detected)
  expect(() => parseSluiceYaml(text)).not.toThrow()
  if (files['sluice.yaml'] === undefined && files['sluice.yml'] === undefined)
    expect(done(plan(treeOf({ ...files, 'sluice.yaml': text })))).toEqual(done(detected))
})

test('a command with all that YAML reads as its own stays what it is', () => {
  const start = `echo "a: b" 'c' # d | {e} [f] *g &h !i %j @k`
  expect(parseSluiceYaml(starterFile(plan(treeOf({ Procfile: `web: ${start}\n` }))))).toEqual({ start })
})
