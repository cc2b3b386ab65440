import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createDurable, readJsonIfThere, writeDurable } from '../../adapters/files/durable.ts'

let folder: string
let file: string

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'sluice-durable-'))
  file = path.join(folder, 'state.json')
})
afterEach(() => rm(folder, { recursive: true }))

test('a reader sees the old content or the new, never a mixture', async () => {
  const contents = Array.from({ length: 30 }, (_, index) =>
    JSON.stringify({ index, fill: 'x'.repeat(50_000) }),
  )
  await writeDurable(file, contents[0]!)
  let writing = true
  const reader = (async () => {
    while (writing) expect(await readJsonIfThere(file)).toHaveProperty('fill')
  })()
  for (const content of contents) await writeDurable(file, content)
  writing = false
  await reader
  expect(await readFile(file, 'utf8')).toBe(contents.at(-1))
})

test('the mode is as asked, whatever the umask, and nothing else is left behind', async () => {
  const umask = process.umask(0o077)
  try {
    await writeDurable(file, 'a', { mode: 0o640 })
  } finally {
    process.umask(umask)
  }
  expect((await stat(file)).mode & 0o777).toBe(0o640)
  expect(await readdir(folder)).toEqual(['state.json'])
})

test('of many that create at once exactly one wins, and all see its content', async () => {
  const wins = await Promise.all(Array.from({ length: 20 }, (_, index) => createDurable(file, String(index))))
  expect(wins.filter(Boolean)).toHaveLength(1)
  expect(await readFile(file, 'utf8')).toBe(String(wins.indexOf(true)))
  expect(await readdir(folder)).toEqual(['state.json'])
})

test('a write that fails leaves what was there', async () => {
  await mkdir(file)
  await expect(writeDurable(file, 'a')).rejects.toThrow()
  expect(await readdir(folder)).toEqual(['state.json'])
})

test('no file is undefined, a damaged one an error', async () => {
  expect(await readJsonIfThere(file)).toBeUndefined()
  await writeFile(file, '{"a":')
  await expect(readJsonIfThere(file)).rejects.toThrow(SyntaxError)
})
