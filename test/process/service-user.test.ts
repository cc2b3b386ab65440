import { execFileSync } from 'node:child_process'
import { chmod, mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { assertReachable, barrierTo } from '../../adapters/process/reachable.ts'
import { serviceFolders } from '../../adapters/process/service-folders.ts'
import { asUser, serviceUsers } from '../../adapters/process/service-user.ts'
import { asRoot, testHost } from './host.ts'

test('services run as oneself without root, or when isolation is off', async () => {
  const { home } = await testHost()
  const users = serviceUsers({ directory: path.join(home, 'none'), isolation: 'none' })
  expect(await users.userOf('shop', 'production')).toBeNull()
  expect(await readdir(home)).not.toContain('none')
})

test.runIf(asRoot)('each service and environment has a user of its own for ever', async () => {
  const { home } = await testHost()
  const directory = path.join(home, 'users')
  const open = () => serviceUsers({ directory, isolation: 'auto' })
  const first = await open().userOf('shop', 'production')
  expect(first!.uid).toBeGreaterThanOrEqual(200_000)
  const others = await Promise.all(['a', 'b', 'c'].map((name) => open().userOf(name, 'production')))
  const staging = await open().userOf('shop', 'staging')
  expect(new Set([first, staging, ...others].map((user) => user!.uid)).size).toBe(5)
  expect(await open().userOf('shop', 'production')).toEqual(first)
})

test.runIf(asRoot)('two processes that ask at the same moment get the same user', async () => {
  const { home } = await testHost()
  const directory = path.join(home, 'users')
  const asked = Array.from({ length: 8 }, () =>
    serviceUsers({ directory, isolation: 'auto' }).userOf('shop', 'production'),
  )
  expect(new Set((await Promise.all(asked)).map((user) => user!.uid)).size).toBe(1)
})

test('a folder that the user cannot enter is named, with what to do', async () => {
  const { home } = await testHost()
  const closed = path.join(home, 'closed')
  await mkdir(path.join(closed, 'inner'), { recursive: true })
  await chmod(closed, 0o700)
  const user = { uid: 200_000, gid: 200_000 }
  expect(await barrierTo(path.join(closed, 'inner'), user)).toBe(closed)
  await expect(assertReachable(path.join(closed, 'inner'), user)).rejects.toThrow(`chmod o+x ${closed}`)
  await expect(assertReachable(path.join(closed, 'inner'), null)).resolves.toBeUndefined()
})

test('the folders of a service can be reached by its user', async () => {
  const { home, users } = await testHost()
  const folders = await serviceFolders({ caches: path.join(home, 'caches'), users })('shop', 'production')
  const user = await users.userOf('shop', 'production')
  for (const folder of Object.values(folders)) await assertReachable(path.join(folder, 'x'), user)
})

test.runIf(asRoot)(
  'a command runs as the user with setpriv, and where that is missing with Node alone',
  () => {
    const user = { uid: 234_567, gid: 234_567 }
    for (const tool of [asUser(user)[0], '']) {
      const [program, ...words] = [
        ...asUser(user, tool),
        '/bin/sh',
        '-c',
        'id -u; id -g; id -G; echo "$1"',
        'sh',
        'a b',
      ]
      expect(execFileSync(program, words, { encoding: 'utf8' })).toBe('234567\n234567\n234567\na b\n')
    }
  },
)
