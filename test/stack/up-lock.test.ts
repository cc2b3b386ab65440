import { execFile } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { homePaths } from '../../contract/settings.ts'
import { takeUpLock } from '../../stack/up-lock.ts'
import { freshSettings } from './settings-of.ts'

test('a second `up` of the same home is refused, with the pid of the first', async () => {
  const { home } = await freshSettings()
  const unlock = takeUpLock(home)
  expect(() => takeUpLock(home)).toThrow(`Sluice runs already for ${home} (pid ${process.pid})`)
  unlock()
  takeUpLock(home)()
  expect(readdirSync(homePaths(home).run)).toEqual([])
})

test('what a killed `up` left, or a file that is no record, does not count', async () => {
  const { home } = await freshSettings()
  const lock = path.join(homePaths(home).run, 'up.json')
  for (const stale of [
    JSON.stringify({ part: 'up', pid: process.pid, started: 'another boot:1' }),
    '',
    '{"pid":',
  ]) {
    writeFileSync(lock, stale)
    takeUpLock(home)()
  }
  expect(existsSync(lock)).toBe(false)
})

test('of several that start at once over a stale lock, exactly one wins', async () => {
  const { home } = await freshSettings()
  writeFileSync(path.join(homePaths(home).run, 'up.json'), '{"part":"up","pid":4194000,"started":"gone"}')
  const script = `
    import { takeUpLock } from ${JSON.stringify(path.resolve('stack/up-lock.ts'))}
    try { takeUpLock(process.argv[1]); console.log('won'); setTimeout(() => {}, 1500) } catch { console.log('refused') }`
  const contender = () =>
    promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script, home])
  const answers = await Promise.all(Array.from({ length: 5 }, contender))
  expect(answers.map(({ stdout }) => stdout.trim()).toSorted()).toEqual([
    'refused',
    'refused',
    'refused',
    'refused',
    'won',
  ])
})
