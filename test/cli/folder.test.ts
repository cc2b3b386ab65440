import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { cleanEnvironment, type CliAnswer } from '../e2e/sluice.ts'

const root = mkdtempSync(path.join(os.tmpdir(), 'sluice-folder-'))
afterAll(() => rmSync(root, { recursive: true }))

/** The real command line in a folder, without any server. */
async function sluiceIn(folder: string, ...args: string[]): Promise<CliAnswer> {
  const launcher = path.resolve('bin/sluice.js')
  const env = { ...cleanEnvironment(), XDG_CONFIG_HOME: path.join(root, 'config'), SLUICE_HOME: root }
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [launcher, ...args], {
      cwd: folder,
      env,
    })
    return { exitCode: 0, stdout, stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { exitCode: code, stdout, stderr }
  }
}

function folderWith(name: string, files: Record<string, string>): string {
  const folder = path.join(root, name)
  mkdirSync(folder, { recursive: true })
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(folder, file), text)
  return folder
}

test('init writes what is detected, once; validate takes it', async () => {
  const folder = folderWith('new', {
    'package.json': '{"scripts":{"start":"node server.js"}}',
    'server.js': '',
  })
  const file = path.join(folder, 'sluice.yaml')
  expect(await sluiceIn(folder, 'init')).toMatchObject({ exitCode: 0, stdout: `${file}\n` })
  expect(readFileSync(file, 'utf8')).toContain('start: npm run start')
  writeFileSync(file, '# mine\n')
  const [again, valid] = await Promise.all([sluiceIn(folder, 'init'), sluiceIn(folder, 'validate')])
  expect(again).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('left as it is') })
  expect(readFileSync(file, 'utf8')).toBe('# mine\n')
  expect(valid).toMatchObject({ exitCode: 0, stdout: 'sluice.yaml fits.\n' })
  expect(await sluiceIn(folder, 'init', '--force')).toMatchObject({ exitCode: 0 })
  expect(readFileSync(file, 'utf8')).toContain('start: npm run start')
}, 30_000)

test('validate says line and field of all that does not fit', async () => {
  const folder = folderWith('wrong', {
    'sluice.yaml': 'start: x\nstrat: y\nbootTimeout: soon\n',
    'torn.yaml': 'start: [\n',
  })
  const [wrong, json, torn, absent] = await Promise.all([
    sluiceIn(folder, 'validate'),
    sluiceIn(folder, 'validate', '--json'),
    sluiceIn(folder, 'validate', 'torn.yaml'),
    sluiceIn(folder, 'validate', 'absent.yaml'),
  ])
  expect(wrong).toMatchObject({ exitCode: 1, stderr: '' })
  expect(wrong.stdout).toContain('sluice.yaml:2: /strat: unknown key; did you mean start?\n')
  expect(wrong.stdout).toContain('sluice.yaml:3: /bootTimeout: must be seconds')
  expect(JSON.parse(json.stdout)).toMatchObject({
    valid: false,
    errors: expect.arrayContaining([{ line: 2, pointer: '/strat', message: expect.any(String) }]),
  })
  expect(torn).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/^torn\.yaml:\d+: /) })
  expect(absent).toMatchObject({ exitCode: 1, stdout: '', stderr: expect.stringContaining('sluice init') })
}, 30_000)

test('outside of a linked folder names are asked for', async () => {
  const [link, deploy] = await Promise.all([sluiceIn(root, 'link'), sluiceIn(root, 'deploy')])
  expect(link).toMatchObject({ exitCode: 0, stdout: 'Not linked.\n' })
  expect(deploy).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("'service'") })
}, 30_000)
