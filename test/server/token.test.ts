import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { homePaths } from '../../contract/settings.ts'
import { readToken } from '../../server/token.ts'

let home: string
beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'sluice-token-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

it('is made once, with 256 random bits, for its owner only', async () => {
  const token = await readToken({ home, token: undefined })
  expect(token).toMatch(/^slc_[A-Za-z0-9_-]{43}$/)
  expect(await readToken({ home, token: undefined })).toBe(token)
  const { mode } = await stat(homePaths(home).token)
  expect(mode & 0o777).toBe(0o600)
})

it('is one and the same when several processes start at once', async () => {
  const tokens = await Promise.all(Array.from({ length: 10 }, () => readToken({ home, token: undefined })))
  expect(new Set(tokens).size).toBe(1)
  expect((await readFile(homePaths(home).token, 'utf8')).trim()).toBe(tokens[0])
})

it('is that of the setting when there is one', async () => {
  expect(await readToken({ home, token: 'slc_of-the-setting' })).toBe('slc_of-the-setting')
})

it('is never an empty one', async () => {
  await readToken({ home, token: undefined })
  await writeFile(homePaths(home).token, '\n')
  await expect(readToken({ home, token: undefined })).rejects.toThrow(/Remove it/)
})
