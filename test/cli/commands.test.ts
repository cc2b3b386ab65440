import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { commandGuide } from '../../cli/command-guide.ts'
import { flatten, tableOf } from '../../cli/command-table.ts'
import { completionScript, type Shell } from '../../cli/completion.ts'
import { parseMoment } from '../../cli/durations.ts'
import { createProgram } from '../../cli/program.ts'

const run = promisify(execFile)
const table = tableOf(await createProgram([], '0.0.0'))
const script = (shell: Shell) => completionScript(shell, table)

const isHere = (program: string): boolean =>
  (process.env['PATH'] ?? '').split(':').some((folder) => {
    try {
      accessSync(path.join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })

/** After a change of a command: `node bin/run.js vitest run test/cli/commands.test.ts -u`. */
test('the page of the commands is the one that the commands make', async () => {
  const page = path.join(import.meta.dirname, '..', '..', 'docs', 'cli.md')
  await expect(commandGuide(table)).toMatchFileSnapshot(page)
})

test('every command says what it does', () => {
  const entries = flatten(table)
  expect(entries.length).toBeGreaterThan(50)
  expect(entries.filter(({ description }) => description.length < 5).map(({ words }) => words)).toEqual([])
})

const inBash = async (...words: string[]): Promise<string[]> => {
  const last = words.length - 1
  const ask = `${script('bash')}\nCOMP_WORDS=("$@"); COMP_CWORD=${last}; _sluice; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout } = await run('bash', ['--norc', '-c', ask, 'bash', ...words])
  return stdout.split('\n').filter(Boolean)
}

test.skipIf(!isHere('bash'))('bash completes commands, those below them, and options', async () => {
  const [first, some, below, options, after] = await Promise.all([
    inBash('sluice', ''),
    inBash('sluice', 'val'),
    inBash('sluice', '--json', 'env', 's'),
    inBash('sluice', 'deploy', 'shop', '--re'),
    inBash('sluice', 'env', 'set', 'shop', 'env', '--auto'),
  ])
  expect(first).toEqual(expect.arrayContaining(['deploy', 'logs', '--json']))
  expect(some).toEqual(['validate'])
  expect(below).toEqual(['service', 'set'])
  expect(options).toEqual(['--ref'])
  expect(after).toEqual(['--auto-deploy'])
})

test.skipIf(!isHere('zsh'))('zsh takes its script', async () => {
  await run('zsh', ['-n', '-c', script('zsh')])
})

test.skipIf(!isHere('fish'))('fish takes its script', async () => {
  await run('fish', ['--no-execute', '-c', script('fish')])
})

test('the scripts for zsh and fish name every command, with quotes that end', () => {
  for (const { words } of flatten(table).filter((entry) => entry.words !== '')) {
    expect(script('zsh')).toContain(`place='${words}'`)
    expect(script('fish')).toContain(`set place '${words}'`)
  }
  // In both a quote in a description is written as '\'', which has as many as it stands for.
  for (const shell of ['zsh', 'fish'] as const)
    for (const line of script(shell)
      .split('\n')
      .filter((one) => !one.startsWith('#')))
      expect(line.replaceAll(`'\\''`, '').split("'").length % 2, line).toBe(1)
})

test('a moment is a time, or how long ago', () => {
  const now = Date.parse('2026-11-10T12:00:00Z')
  expect(parseMoment('2h', now).toISOString()).toBe('2026-11-10T10:00:00.000Z')
  expect(parseMoment('7d', now).toISOString()).toBe('2026-11-03T12:00:00.000Z')
  expect(parseMoment('2026-11-01T00:00:00Z', now).toISOString()).toBe('2026-11-01T00:00:00.000Z')
  expect(() => parseMoment('5', now)).toThrow('neither a time')
  expect(() => parseMoment('yesterday', now)).toThrow('neither a time')
})
