import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PlanError, planSchema } from '../../contract/plan.ts'
import { explain } from '../../plan/explain.ts'
import { plan } from '../../plan/index.ts'
import { treeOf, trees } from './trees.ts'

function planOrError(files: Record<string, string>): void {
  try {
    const planned = plan(treeOf(files))
    expect(planSchema.parse(planned)).toEqual(planned)
    explain(planned)
  } catch (error) {
    if (!(error instanceof PlanError)) throw error
    expect(error.message.length).toBeLessThan(4000)
  }
}

const names = [
  ...new Set(Object.values(trees).flatMap((files) => Object.keys(files))),
  '.node-version',
  '.tool-versions',
  '__proto__',
]
const texts = [...new Set(Object.values(trees).flatMap((files) => Object.values(files)))]
const word = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.constantFrom('__proto__', 'lts/*', 'pnpm@9.0.0', '../..', '*alias', '\0'),
)

/** A package.json whose known fields hold anything at all. */
const oddManifest = fc
  .dictionary(
    fc.constantFrom(
      'scripts',
      'dependencies',
      'devDependencies',
      'engines',
      'devEngines',
      'packageManager',
      'main',
      'volta',
      'workspaces',
      '__proto__',
    ),
    fc.oneof(
      fc.jsonValue(),
      word,
      fc.dictionary(
        fc.oneof(
          fc.constantFrom(
            'start',
            'build',
            'next',
            'vite',
            'astro',
            'node',
            'runtime',
            'packageManager',
            'constructor',
          ),
          word,
        ),
        fc.oneof(word, fc.jsonValue()),
      ),
    ),
  )
  .map((value) => JSON.stringify(value))

const content = fc.oneof(
  fc.constantFrom(...texts),
  word,
  oddManifest,
  fc.array(word, { maxLength: 8 }).map((lines) => lines.join(': ')),
)

test('any tree gives a plan that fits the schema, or a PlanError', { timeout: 120_000 }, () => {
  const tree = fc.array(
    fc.tuple(
      fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: word }),
      content,
    ),
    { maxLength: 8 },
  )
  fc.assert(
    fc.property(tree, (files) => planOrError(Object.fromEntries(files))),
    { numRuns: 700 },
  )
})

test('a process of the name __proto__ is left out with a warning', () => {
  const planned = plan(treeOf({ Procfile: 'web: node a.js\n__proto__: node b.js\nworker: node c.js' }))
  expect(Object.keys(planned.processes)).toEqual(['web', 'worker'])
  expect(planned.warnings).toContainEqual(expect.stringContaining('Procfile line 2'))
})

test('any package.json beside any lockfile does', { timeout: 120_000 }, () => {
  const lockfile = fc.constantFrom(
    'package-lock.json',
    'yarn.lock',
    'pnpm-lock.yaml',
    'bun.lock',
    '.yarnrc.yml',
    '.nvmrc',
    'next.config.js',
  )
  fc.assert(
    fc.property(oddManifest, lockfile, content, (manifest, file, text) =>
      planOrError({ 'package.json': manifest, [file]: text }),
    ),
    { numRuns: 700 },
  )
})

test.each([
  ['Procfile', `web${' '.repeat(60_000)}x`],
  ['Procfile', `${'a'.repeat(60_000)}!`],
  ['.nvmrc', `${'1.'.repeat(50_000)}x`],
  ['.nvmrc', ' '.repeat(500_000)],
  ['.tool-versions', `nodejs${' '.repeat(500_000)}`],
  ['next.config.js', `output${' '.repeat(500_000)}:`],
  ['vite.config.ts', `outDir:${' '.repeat(300_000)}'${'a/'.repeat(100_000)}`],
  ['pnpm-lock.yaml', `lockfileVersion:${' '.repeat(900_000)}`],
  ['yarn.lock', `__metadata:\n${' '.repeat(900_000)}version`],
  ['.yarnrc.yml', '['.repeat(60_000)],
  ['sluice.yaml', `? ${'[{'.repeat(15_000)}`],
  ['pyproject.toml', `a = ${'['.repeat(100_000)}`],
  ['requirements.txt', ' '.repeat(500_000)],
  ['manage.py', `DJANGO_SETTINGS_MODULE',${' '.repeat(500_000)}`],
  ['app.py', `${'a'.repeat(300_000)} = `],
  ['go.mod', `module${' '.repeat(500_000)}`],
  ['pom.xml', '<parent>'.repeat(60_000)],
  ['pom.xml', '<!-- '.repeat(60_000)],
  ['build.gradle', 'languageVersion '.repeat(30_000)],
  ['composer.json', `{"require": {"php": "${'~8.'.repeat(100_000)}"}}`],
  ['Gemfile', `ruby ${"'".repeat(200_000)}`],
  ['mix.exs', `app:${' '.repeat(500_000)}`],
  ['deno.json', `{"tasks": ${'/* '.repeat(100_000)}`],
  ['cron.json', `{"jobs": [{"command": "${'* '.repeat(100_000)}"}]}`],
])('a hostile %s does not hold detection up', (file, text) => {
  // Of the processor, not of the clock: other tests run beside this one.
  const before = process.cpuUsage()
  const manifest = JSON.stringify({
    dependencies: { [file.startsWith('vite') ? 'vite' : 'next']: '1' },
    engines: { node: '>'.repeat(50_000), pnpm: ' '.repeat(100_000) },
    packageManager: `pnpm@${'1'.repeat(100_000)}`,
    scripts: { build: 'x', dev: `prisma ${' '.repeat(100_000)}` },
  })
  planOrError({ 'package.json': manifest, 'yarn.lock': '', [file]: text })
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(3000)
})
