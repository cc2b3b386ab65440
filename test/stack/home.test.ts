import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { homePaths } from '../../contract/settings.ts'
import { prepareHome, requireReachableHome } from '../../stack/home.ts'
import { temporaryFolder } from './settings-of.ts'

test('others may pass through a home, but its secrets and logs are closed', async () => {
  const home = path.join(await temporaryFolder(), 'home')
  prepareHome(home)
  prepareHome(home)
  const mode = (folder: string) => (statSync(folder).mode & 0o777).toString(8)
  const paths = homePaths(home)
  expect([home, paths.environments, paths.tools].map(mode)).toEqual(['711', '711', '711'])
  expect([paths.secrets, paths.logs, paths.run, paths.temporal].map(mode)).toEqual([
    '700',
    '700',
    '700',
    '700',
  ])
})

test('a home that cannot be made is refused with what to set', async () => {
  const file = path.join(await temporaryFolder(), 'file')
  writeFileSync(file, '')
  expect(() => prepareHome(path.join(file, 'home'))).toThrow(/cannot be made/)
})

test('a home too deep for a Unix socket is refused', async () => {
  const deep = path.join(await temporaryFolder(), 'x'.repeat(100))
  expect(() => prepareHome(deep)).toThrow('too long for a Unix socket')
})

test.runIf(process.getuid?.() === 0)(
  'a home behind a closed folder is refused, naming that folder',
  async () => {
    const closed = path.join(await temporaryFolder(), 'closed')
    mkdirSync(path.join(closed, 'home'), { recursive: true })
    chmodSync(closed, 0o700)
    const refused = {
      message: expect.stringContaining(`cannot enter ${closed},`),
      next: expect.stringContaining('SLUICE_HOME'),
    }
    expect(() => requireReachableHome(path.join(closed, 'home'))).toThrow(expect.objectContaining(refused))
  },
)
