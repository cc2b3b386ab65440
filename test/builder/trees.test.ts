import { execFile } from 'node:child_process'
import { chmod, chown, link, lstat, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { installWith, type TreeWork } from '../../adapters/builder/native/trees/index.ts'
import { asUser, type ServiceUser } from '../../adapters/process/service-user.ts'
import { makePassages, makePrivate } from '../../adapters/process/service-folders.ts'
import { asRoot, testHost } from '../process/host.ts'

const execute = promisify(execFile)

/** What an install command does: packages, one with a script, a link, and a text that names the folder. */
const command = `echo install >>"$COUNT" && rm -rf node_modules && mkdir -p node_modules/plain node_modules/native node_modules/.bin &&
echo one >node_modules/plain/index.js && echo built >node_modules/native/addon.node && echo '{"scripts":{"install":"make"}}' >node_modules/native/package.json &&
ln -s ../plain/index.js node_modules/.bin/plain && echo "#!$PWD/node_modules/plain" >node_modules/.bin/shim && chmod +x node_modules/.bin/shim`

async function workshop() {
  const { home, users } = await testHost()
  const user = await users.userOf('shop', 'production')
  const own = await makePassages(home, ['caches', 'shop', 'production'])
  const folder = await makePassages(own, ['trees'])
  const count = path.join(home, 'count')
  await writeFile(count, '')
  await chmod(count, 0o666)
  let release = 0
  /** One more release, up to its command. */
  const begin = async (changes: Partial<TreeWork> = {}, files: Record<string, string> = {}) => {
    const code = path.join(await makePassages(home, ['releases', String(++release)]), 'code')
    await makePrivate(code, user)
    const source = { 'package.json': '{}', 'package-lock.json': 'one', ...files }
    for (const [name, text] of Object.entries(source)) {
      await writeFile(path.join(code, name), text)
      if (user) await chown(path.join(code, name), user.uid, user.gid)
    }
    const work: TreeWork = {
      ...{ folder, release, user, code, home, command, tools: ['node'], environment: { A: '1' } },
      searchPath: path.dirname(process.execPath),
      planned: { folders: ['node_modules'], inputs: Object.keys(source), patched: false },
      ...changes,
    }
    const prepared = await installWith(work)
    return { code, prepared, run: () => shell(user, prepared.command, code, { COUNT: count }) }
  }
  return {
    folder,
    user,
    times: async () => (await readFile(count, 'utf8')).split('\n').length - 1,
    begin,
    /** Installs one more release. */
    async install(
      changes: Partial<TreeWork> = {},
      files: Record<string, string> = {},
      meanwhile: (code: string) => Promise<void> = async () => {},
    ) {
      const { code, prepared, run } = await begin(changes, files)
      const said = await run()
      await meanwhile(code)
      await prepared.keep()
      await prepared.discard()
      return { said, code, in: (name: string) => path.join(code, 'node_modules', name) }
    },
  }
}

async function shell(user: ServiceUser | null, text: string, cwd: string, env: Record<string, string> = {}) {
  const [program, ...words] = [...asUser(user), '/bin/sh', '-c', text]
  const { stdout } = await execute(program, words, { cwd, env: { PATH: process.env['PATH'], ...env } })
  return stdout
}

const content = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true })).toSorted()

test('a second release gets the tree of the first without its command', async () => {
  const { install, times } = await workshop()
  const first = await install()
  expect(first.said).toContain('node_modules not restored: none is kept yet')
  const second = await install()
  expect(second.said).toContain('node_modules restored from release 1')
  expect(await times()).toBe(1)
  expect(await content(second.in(''))).toEqual(await content(first.in('')))
  // What names the folder names that of the new release.
  expect(await readFile(second.in('.bin/shim'), 'utf8')).toBe(`#!${second.code}/node_modules/plain\n`)
  expect((await stat(second.in('.bin/shim'))).mode & 0o100).toBe(0o100)
})

test('each thing that decides the content makes it anew, and is named', async () => {
  const { install, times } = await workshop()
  await install()
  const changes: [Partial<TreeWork>, Record<string, string>, string][] = [
    [{}, { 'package-lock.json': 'two' }, 'package-lock.json changed'],
    [{}, { '.npmrc': 'a=b' }, '.npmrc, package-lock.json changed'],
    [{ environment: { A: '2' } }, {}, '.npmrc, the variables changed'],
    [{ searchPath: '/nowhere' }, {}, 'node, the variables changed'],
    [{ command: `${command} && true` }, {}, 'node, the command changed'],
  ]
  for (const [work, files, why] of changes) {
    const { said } = await install(work, files)
    expect(said.replace(/since.*/s, '')).toContain('not restored: ')
    for (const part of why.replace(' changed', '').split(', ')) expect(said).toContain(part)
  }
  expect(await times()).toBe(1 + changes.length)
})

test('of many trees the last used are kept', async () => {
  const { install, folder } = await workshop()
  for (const lock of ['a', 'b', 'c', 'a', 'd']) {
    await install({}, { 'package-lock.json': lock })
    // Uses within one tick of the clock could not be told apart.
    for (const name of await readdir(folder)) await older(path.join(folder, name))
  }
  expect(await readdir(folder)).toHaveLength(3)
  expect((await install({}, { 'package-lock.json': 'a' })).said).toContain('restored from release 1')
  expect((await install({}, { 'package-lock.json': 'b' })).said).toContain('not restored')
})

async function older(file: string): Promise<void> {
  const { mtime } = await stat(file)
  const before = new Date(mtime.getTime() - 1000)
  await utimes(file, before, before)
}

test('what names the release in a program is not kept, and the next install says so', async () => {
  const { install, times } = await workshop()
  const native = { command: `${command} && printf "\\\\0$PWD" >node_modules/native/lib.so` }
  await install(native)
  const { said } = await install(native)
  expect(said).toContain('it was not kept, since 0/native/lib.so holds the path of this release')
  expect(await times()).toBe(2)
})

test('what a job can move is the whole tree or nothing, while its attempt takes it away', async () => {
  const { begin, install, folder } = await workshop()
  const large = { command: `${command} && cd node_modules && seq 500 | xargs touch` }
  const first = await install(large)
  const { prepared } = await begin(large)
  const stages = (await readdir(folder)).filter((name) => name.startsWith('.stage-'))
  const tree = path.join(folder, stages[0]!, 'tree/0')
  /** How many files could be moved by now. Once more looked for, since it may have gone while it was read. */
  const movable = () =>
    readdir(tree).then(
      async ({ length }) => ((await stat(tree).catch(() => undefined)) ? length : 0),
      () => 0,
    )
  const all = (await readdir(first.in(''))).length
  expect(await movable()).toBe(all)
  let isOver = false
  const discarded = prepared.discard().finally(() => (isOver = true))
  while (!isOver) expect([all, 0]).toContain(await movable())
  await discarded
  expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([])
})

test('a tree that is gone when its job begins is made anew', async () => {
  const { begin, install, times } = await workshop()
  await install()
  const { prepared, run } = await begin()
  await prepared.discard()
  expect(await run()).toContain('could not be moved into place')
  expect(await times()).toBe(2)
})

test('an install that fails keeps nothing', async () => {
  const { install, folder } = await workshop()
  await expect(install({ command: 'mkdir node_modules; exit 3' })).rejects.toMatchObject({ code: 3 })
  expect(await readdir(folder)).toEqual([])
})

test('a tree that was damaged is made anew', async () => {
  const { install, times, folder } = await workshop()
  await install()
  const [key = ''] = await readdir(folder)
  await execute('rm', ['-rf', path.join(folder, key, 'tree', '0')])
  const { said } = await install()
  expect(said).toContain('the kept one could not be restored')
  expect(await times()).toBe(2)
})

test.skipIf(!asRoot)('the service cannot write to what is kept, but to copies where scripts do', async () => {
  const { install, user } = await workshop()
  const first = await install()
  const second = await install()
  const name = 'plain/index.js'
  expect((await stat(second.in(name))).nlink).toBeGreaterThan(1)
  await expect(shell(user, `echo evil >>${first.in(name)}`, '/')).rejects.toThrow('ermission')
  await expect(shell(user, `echo evil >>${second.in(name)}`, '/')).rejects.toThrow('ermission')
  // Folders are the service's own: packages are replaced as ever.
  await shell(user, `cd ${second.in('plain')} && rm index.js && echo mine >index.js`, '/')
  await shell(user, `echo more >>${second.in('native/addon.node')}`, '/')
  const third = await install()
  expect(await readFile(third.in(name), 'utf8')).toBe('one\n')
  expect(await readFile(third.in('native/addon.node'), 'utf8')).toBe('built\n')
  expect(await shell(user, `cat ${third.in('.bin/plain')}`, '/')).toBe('one\n')
})

test.skipIf(!asRoot)('what the service does not own is neither taken nor handed over', async () => {
  const { install, folder } = await workshop()
  const secret = path.join(path.dirname(path.dirname(folder)), 'secret')
  await writeFile(secret, 'secret', { mode: 0o600 })
  await install({}, {}, async (code) => {
    await link(secret, path.join(code, 'node_modules/planted'))
  })
  const { mode, uid, gid } = await lstat(secret)
  expect({ mode: mode & 0o777, uid, gid }).toEqual({ mode: 0o600, uid: 0, gid: 0 })
  expect((await install()).said).toContain(
    'it was not kept, since 0/planted is not a file of the service user',
  )
})
