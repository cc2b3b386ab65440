import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { folderBody } from '../../cli/archive-body.ts'
import { temporaryFolder } from '../source/repositories.ts'

function folderWith(files: Record<string, string>): string {
  const folder = path.join(temporaryFolder(), 'shop')
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    writeFileSync(path.join(folder, name), content)
  }
  return folder
}

async function packed(folder: string): Promise<{ names: string[]; sum: string }> {
  const chunks: Uint8Array[] = []
  const { content } = await folderBody(folder)
  for await (const chunk of content) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  const listing = execFileSync('tar', ['-tzf', '-'], { input: bytes, encoding: 'utf8' })
  const names = listing.trim().split('\n').toSorted()
  return { names, sum: createHash('sha256').update(bytes).digest('hex') }
}

const files = {
  'server.js': 'x',
  '.gitignore': 'dist\n*.log\n',
  'dist/big.js': 'x',
  'debug.log': 'x',
  'lib/.gitignore': 'private\n',
  'lib/private': 'x',
  'lib/@odd name': 'x',
  'node_modules/a/index.js': 'x',
}

test('a folder in a git repository is sent as it is, committed or not, without what git ignores', async () => {
  const folder = folderWith({ ...files, gone: 'x' })
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, stdio: 'pipe' })
  git('init', '-q')
  git('add', 'server.js', 'gone')
  symlinkSync('server.js', path.join(folder, 'link'))
  execFileSync('rm', [path.join(folder, 'gone')])
  const { names } = await packed(folder)
  const kept = ['./.gitignore', './lib/.gitignore', './lib/@odd name', './link', './server.js']
  expect(names).toEqual([...kept, './node_modules/a/index.js'].toSorted())
  expect((await packed(path.join(folder, 'lib'))).names).toEqual(['./.gitignore', './@odd name'])
})

test('a folder without one is read the same way, and by its .sluiceignore', async () => {
  const { names } = await packed(folderWith({ ...files, '.sluiceignore': 'lib\n', notes: 'x' }))
  expect(names).toEqual(['./.gitignore', './.sluiceignore', './notes', './server.js'])
})

test('the same files make the same archive', async () => {
  const [first, second] = [folderWith(files), folderWith(files)]
  execFileSync('touch', ['-d', '2001-02-03', path.join(second, 'server.js')])
  expect((await packed(first)).sum).toBe((await packed(second)).sum)
})

test('a folder without a file is said to be that', async () => {
  await expect(folderBody(folderWith({ 'node_modules/a': 'x' }))).rejects.toThrow(/no file to deploy/)
  await expect(folderBody('/nowhere')).rejects.toThrow(/is not a folder/)
})
