import { chmod, mkdir, mkdtemp, readlink, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { toolchainFor } from '../../adapters/builder/native/toolchain.ts'
import type { Plan } from '../../contract/plan.ts'

type Tool = Plan['tools'][number]

let folder: string
let choose: (...tools: Tool[]) => ReturnType<typeof toolchainFor>
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'sluice-tools-'))
  await program('bin/python3', 'Python 3.11.7')
  await program('bin/python3.13', 'Python 3.13.0')
  await program('shims/python3', 'Python 3.10.1')
  for (const version of ['3.9.18', '3.12.1', '3.12.10'])
    await program(`pyenv/versions/${version}/bin/python3`, `Python ${version}`)
  await program('rustup/toolchains/nightly-2025-06-01-x86_64/bin/cargo', 'cargo 1.89.0-nightly')
  await program('rustup/toolchains/1.85.0-x86_64/bin/cargo', 'cargo 1.85.0')
  await program('bin/java', 'openjdk version "17.0.15" 2025-04-15')
  vi.stubEnv('PATH', `${folder}/shims:${folder}/bin`)
  vi.stubEnv('PYENV_ROOT', `${folder}/pyenv`)
  vi.stubEnv('RUSTUP_HOME', `${folder}/rustup`)
  vi.resetModules()
})
beforeEach(async () => {
  const { toolchainFor } = await import('../../adapters/builder/native/toolchain.ts')
  const { FoundTools } = await import('../../adapters/builder/native/found-tools.ts')
  const options = { user: null, home: `${folder}/home`, links: `${folder}/links`, found: new FoundTools() }
  choose = (...tools) => toolchainFor(tools, options)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

/** A program that says this when it is asked for its version. */
async function program(file: string, says: string): Promise<void> {
  const full = path.join(folder, file)
  await mkdir(path.dirname(full), { recursive: true })
  await writeFile(full, `#!/bin/sh\necho '${says}'\n`)
  await chmod(full, 0o755)
}
const tool = (name: string, version: string | null, more: Partial<Tool> = {}): Tool => ({
  name,
  version,
  reason: 'test',
  ...more,
})

test('what is on PATH is taken where it fits, and never a shim', async () => {
  expect((await choose(tool('python', null))).folders).toEqual([`${folder}/bin`])
  expect((await choose(tool('python', '~3.11'))).folders).toEqual([`${folder}/bin`])
  expect((await choose(tool('python', '~3.10'))).unmet).toHaveLength(1)
})

test('the newest of a version manager that fits is taken otherwise', async () => {
  expect((await choose(tool('python', '~3.12'))).folders).toEqual([`${folder}/pyenv/versions/3.12.10/bin`])
  expect((await choose(tool('python', '3.12.1'))).folders).toEqual([`${folder}/pyenv/versions/3.12.1/bin`])
})

test('one with its version in its name is offered under the usual name', async () => {
  const [links = ''] = (await choose(tool('python', '~3.13'))).folders
  expect(links).toMatch(/\/links\//)
  expect(await readlink(`${links}/python3`)).toBe(`${folder}/bin/python3.13`)
  expect((await choose(tool('python', '~3.13'))).folders).toEqual([links])
})

test('a channel of Rust is found by the name of its toolchain', async () => {
  const found = await choose(tool('cargo', 'nightly-2025-06-01'))
  expect(found.folders).toEqual([`${folder}/rustup/toolchains/nightly-2025-06-01-x86_64/bin`])
  expect((await choose(tool('cargo', 'nightly-2020-01-01'))).unmet).toHaveLength(1)
})

test('Java is named by JAVA_HOME too', async () => {
  expect((await choose(tool('java', '^17'))).environment).toEqual({ JAVA_HOME: folder })
})

test('a version that nobody has is refused with all that are there', async () => {
  const { unmet } = await choose(tool('python', '~3.8'), tool('cobol', '^1'))
  expect(unmet).toEqual([
    'python ~3.8 is asked for (test), but this host has 3.11.7, 3.13.0, 3.12.10, 3.12.1, 3.9.18.',
    'cobol ^1 is asked for (test), but this host has none.',
  ])
})

test('what can be fetched is fetched in exactly the version asked for', async () => {
  const fetch = { registry: 'pypi', package: 'uv', version: '0.5.0' } as const
  const { fetches, folders, unmet } = await choose(tool('uv', '<0.6', { fetch }))
  expect(unmet).toEqual([])
  expect(folders).toEqual([`${folder}/home/tools/uv-0.5.0/bin`])
  expect(fetches[0]).toContain(`install --quiet 'uv==0.5.0'`)
})
