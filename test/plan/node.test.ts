import { describe, expect, test } from 'vitest'
import { plan } from '../../plan/index.ts'
import { devServerIn } from '../../plan/node/dev-servers.ts'
import { nodeRange } from '../../plan/node/node-version.ts'
import { treeOf } from './trees.ts'

const planOf = (manifest: unknown, files: Record<string, string> = {}) =>
  plan(treeOf({ 'package.json': JSON.stringify(manifest), ...files }))
const start = { scripts: { start: 'node a.js' }, dependencies: { a: '1' } }
const nodeOf = (manifest: object, files: Record<string, string> = {}) =>
  planOf({ ...start, ...manifest }, files).tools[0]

describe('version of Node', () => {
  test.each([
    ['22', '>=22.0.0 <23.0.0-0'],
    ['v20.11.1', '20.11.1'],
    ['node-v20.11.1', '20.11.1'],
    ['lts/iron', '^20'],
    ['LTS/Jod', '^22'],
    ['iron', '^20'],
    ['lts/*', '^20 || ^22 || ^24 || >=26'],
    ['lts/-1', '^20 || ^22 || ^24 || >=26'],
    ['>=18 <23', '>=18.0.0 <23.0.0-0'],
    ['node', null],
    ['latest', null],
    ['constructor', undefined],
    ['lts/nothing', undefined],
    ['twenty', undefined],
  ])('%s is %s', (text, range) => expect(nodeRange(text)).toBe(range))

  test('.nvmrc, .node-version, .tool-versions, volta and engines count in this order', () => {
    const files: Record<string, string> = {
      '.nvmrc': '# ours\nv22\n',
      '.node-version': '21',
      '.tool-versions': 'ruby 3\nnodejs 20.1.0\n',
    }
    const manifest = { volta: { node: '19.0.0' }, engines: { node: '>=18' } }
    const seen: string[] = []
    for (const file of Object.keys(files)) {
      seen.push(nodeOf(manifest, files)!.reason)
      delete files[file]
    }
    expect([...seen, nodeOf(manifest)!.reason, nodeOf({ engines: manifest.engines })!.reason]).toEqual([
      '.nvmrc says v22',
      '.node-version says 21',
      '.tool-versions says 20.1.0',
      'volta.node says 19.0.0',
      'engines.node says >=18',
    ])
  })

  test('a pin that is no version is named, not silently dropped', () => {
    const planned = planOf(start, { '.nvmrc': 'the newest one' })
    expect(planned.tools[0]!.version).toBeNull()
    expect(planned.warnings.join()).toContain('the newest one')
  })
})

describe('package manager', () => {
  test.each([
    'pnpm@9.0.0; rm -rf /',
    'pnpm@$(id)',
    'pnpm@latest',
    'left-pad@1.0.0',
    'yarn@https://example.test/yarn.js',
    '--version',
  ])('packageManager %s never reaches a command', (packageManager) => {
    const planned = planOf({ ...start, packageManager }, { 'package-lock.json': '{}' })
    expect(planned.install?.command).toBe('npm ci --include=dev --no-audit --no-fund')
    expect(planned.warnings.join()).toContain('left out')
  })

  test('the lockfile wins over a packageManager that it contradicts', () => {
    const planned = planOf({ ...start, packageManager: 'pnpm@9.15.9' }, { 'package-lock.json': '{}' })
    expect(planned.install?.command).toMatch(/^npm ci /)
    expect(planned.warnings.join()).toContain('only package-lock.json is there')
  })

  test('a range in engines keeps the usual version where it fits, and is quoted where it does not', () => {
    const lock = { 'pnpm-lock.yaml': "lockfileVersion: '9.0'" }
    expect(planOf({ ...start, engines: { pnpm: '>=9' } }, lock).install?.command).toContain(' pnpm@9.15.9 ')
    expect(planOf({ ...start, engines: { pnpm: '>=10 <11' } }, lock).install?.command).toContain(
      " 'pnpm@>=10.0.0 <11.0.0-0' ",
    )
  })

  test('settings files decide between lockfiles before their order does', () => {
    const files = { 'pnpm-lock.yaml': '', 'yarn.lock': '', 'pnpm-workspace.yaml': 'packages: []' }
    expect(planOf(start, files).install?.command).toContain('pnpm@')
  })

  test('file names of the repository are quoted', () => {
    const planned = planOf({ main: "it's; id.js" }, { "it's; id.js": '' })
    expect(planned.start.command).toBe(`node 'it'\\''s; id.js'`)
  })
})

test.each([
  ['vite', 'vite'],
  ['vite --host', 'vite'],
  ['NODE_ENV=x vite preview --port $PORT', 'vite preview'],
  ['tsc && next dev -p 3000', 'next dev'],
  ['ng serve', 'ng serve'],
  ['vite build && node server.js', undefined],
  ['next start', undefined],
  ['node vite.js', undefined],
])('development server in "%s": %s', (script, found) => expect(devServerIn(script)).toBe(found))

test('suggestions are offered, never planned, and not where a hook is configured', () => {
  const manifest = { ...start, dependencies: { knex: '3' } }
  expect(planOf(manifest)).toMatchObject({
    migrate: null,
    suggestions: [{ command: 'npx --no knex migrate:latest' }],
  })
  expect(planOf(manifest, { 'sluice.yaml': 'hooks: {migrate: x}' }).suggestions).toEqual([])
})
