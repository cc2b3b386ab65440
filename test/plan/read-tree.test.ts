import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isDetectionFile } from '../../plan/index.ts'
import { readTree } from '../../stack/read-tree.ts'

let root: string
beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'sluice-tree-'))
  for (const folder of ['.git', 'node_modules/a', 'b/c', '.config'])
    await mkdir(path.join(root, folder), { recursive: true })
  const write = (file: string, text: string) => writeFile(path.join(root, file), text)
  await write('.git/config', 'secret')
  await write('node_modules/a/package.json', '{}')
  await write('b/c/package.json', '{"name":"c"}')
  await write('README.md', 'words')
  await write('.config/x', '')
  await write('yarn.lock', 'y'.repeat(1024 * 1024 + 10))
  await symlink('/etc/passwd', path.join(root, 'Procfile'))
  await symlink('..', path.join(root, 'b/up'))
})
afterAll(() => rm(root, { recursive: true }))

test('reads paths and the text of detection files; leaves out .git, node_modules and links', async () => {
  const tree = await readTree(root, isDetectionFile)
  expect(tree.paths).toEqual(['.config/x', 'README.md', 'b/c/package.json', 'yarn.lock'])
  expect(Object.keys(tree.files)).toEqual(['b/c/package.json', 'yarn.lock'])
  expect(tree.files['b/c/package.json']).toBe('{"name":"c"}')
  expect(tree.files['yarn.lock']).toHaveLength(1024 * 1024)
})
