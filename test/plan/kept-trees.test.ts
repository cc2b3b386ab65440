import { describe, expect, test } from 'vitest'
import type { PlannedTree } from '../../contract/plan.ts'
import { isDetectionFile, plan } from '../../plan/index.ts'
import { treeOf } from './trees.ts'

const manifest = (more: object = {}) =>
  JSON.stringify({ scripts: { start: 'node a.js' }, dependencies: { a: '1' }, ...more })
const nodeFiles = { 'package.json': manifest(), 'package-lock.json': '{}' }
const planned = (files: Record<string, string>, config = {}) => plan(treeOf(files), config)
const treeOfNode = (files: Record<string, string> = {}): PlannedTree | undefined =>
  planned({ ...nodeFiles, ...files }).tree
const whyNot = (files: Record<string, string>): string =>
  planned(files)
    .reasons.filter((reason) => reason.startsWith('packages are installed anew'))
    .join()

describe('node_modules', () => {
  test('depends on manifest, lockfile, settings, patches and the schema of Prisma', () => {
    expect(
      treeOfNode({ '.npmrc': 'a=b', 'patches/a+1.patch': '', 'prisma/schema.prisma': 'generator a {}' }),
    ).toEqual({
      folders: ['node_modules'],
      inputs: ['package.json', 'package-lock.json', '.npmrc', 'patches/a+1.patch', 'prisma/schema.prisma'],
      patched: true,
    })
    expect(isDetectionFile('prisma/schema.prisma')).toBe(true)
  })

  test('of a workspace is each of its folders', () => {
    const tree = treeOfNode({
      'package.json': manifest({ workspaces: ['apps/*'] }),
      'apps/web/package.json': '{}',
      'node_modules/x/package.json': '{',
    })
    expect(tree?.folders.toSorted()).toEqual(['apps/web/node_modules', 'node_modules'])
    expect(tree?.inputs).toContain('apps/web/package.json')
  })

  test.each([
    ['postinstall', 'node build.js'],
    ['prepare', 'tsc'],
    ['preinstall', 'patch-package && rm -rf src'],
    ['postinstall', 'prisma generate --schema a; ls'],
  ])('is made anew where %s runs %s', (name, text) => {
    const files = {
      ...nodeFiles,
      'package.json': manifest({ scripts: { start: 'node a.js', [name]: text } }),
    }
    expect(planned(files).tree).toBeUndefined()
    expect(whyNot(files)).toContain(`the ${name} script of package.json may read and write any file`)
  })

  test.each(['patch-package', 'npx prisma generate', 'husky || true'])(
    'is kept with the script %s',
    (text) => {
      expect(
        treeOfNode({ 'package.json': manifest({ scripts: { start: 'node a.js', postinstall: text } }) }),
      ).toBeDefined()
    },
  )

  test.each([
    [{ 'package.json': manifest({ dependencies: { a: 'file:../a' } }) }, 'a is a folder of the source'],
    [{ 'package.json': manifest({ dependencies: { a: './a' } }) }, 'a is a folder of the source'],
    [{ 'binding.gyp': '{}' }, 'binding.gyp'],
    [
      {
        'package.json': manifest({ dependencies: { '@prisma/client': '1' } }),
        'schema.prisma': 'generator c {\n  output = "../src"\n}',
      },
      'schema of Prisma',
    ],
    [
      { 'package.json': manifest({ workspaces: ['*'] }), 'broken/package.json': '{' },
      'a package.json of the workspace is not valid',
    ],
  ] as [Record<string, string>, string][])('is made anew: %j', (files, why) => {
    expect(treeOfNode(files)).toBeUndefined()
    expect(whyNot({ ...nodeFiles, ...files })).toContain(why)
  })

  test('is left to npm without a lockfile, and to other commands', () => {
    expect(planned({ 'package.json': manifest() }).tree).toBeUndefined()
    expect(planned(nodeFiles, { install: 'npm ci && make' }).tree).toBeUndefined()
    expect(planned({ 'package.json': manifest(), 'pnpm-lock.yaml': '' }).tree).toBeUndefined()
  })
})

describe('.venv', () => {
  const ofPython = (requirements: string) =>
    planned({ 'requirements.txt': requirements, 'app.py': 'app = Flask()' })

  test('is kept where each line names one version', () => {
    const pinned =
      '# ours\nflask==3.0.0\nuvicorn[standard] == 0.30.1 ; python_version > "3"\na==1 \\\n  --hash=sha256:0\n'
    expect(ofPython(pinned).tree).toEqual({
      folders: ['.venv'],
      inputs: ['requirements.txt'],
      patched: false,
    })
  })

  test.each([
    'flask',
    'flask>=3',
    'flask==3.*',
    '-r other.txt',
    '-e .',
    './local',
    'a @ https://example.org/a.zip',
  ])('is made anew with %s', (line) => {
    expect(ofPython(`gunicorn==23.0.0\n${line}\n`).tree).toBeUndefined()
  })
})
