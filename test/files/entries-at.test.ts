import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { entriesAt } from '../../adapters/files/entries-at.ts'

test('what stays is seen whatever is removed beside it meanwhile', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'sluice-entries-'))
  await mkdir(path.join(folder, 'shop/production/1'), { recursive: true })
  let going = true
  const others = Array.from({ length: 20 }, async (_, at) => {
    while (going) {
      await mkdir(path.join(folder, `other${at}/production/1/logs/old`), { recursive: true })
      await rm(path.join(folder, `other${at}`), { recursive: true, force: true })
    }
  })
  try {
    for (let look = 0; look < 300; look++) expect(await entriesAt(folder, 3)).toContain('shop/production/1')
  } finally {
    going = false
    await Promise.all(others)
    await rm(folder, { recursive: true })
  }
})

test('a folder that is not there has nothing in it', async () => {
  expect(await entriesAt('/nowhere/at/all', 3)).toEqual([])
})

test('a folder that cannot be read is not taken for an empty one', async () => {
  await expect(entriesAt(`/${'x'.repeat(300)}`)).rejects.toThrow('ENAMETOOLONG')
})

test('what lies in a folder with a dot is not listed', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'sluice-entries-'))
  await mkdir(path.join(folder, 'shop/production/1'), { recursive: true })
  await mkdir(path.join(folder, '.closed/shop/production'), { recursive: true })
  expect(await entriesAt(folder, 3)).toEqual(['shop/production/1'])
  await rm(folder, { recursive: true })
})
