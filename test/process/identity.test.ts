import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { ageOf, identityOf, isAlive } from '../../adapters/process/identity.ts'
import { parseStat } from '../../adapters/process/process-table.ts'
import { until } from './host.ts'

test('this process is alive and has an age', () => {
  const self = identityOf(process.pid)!
  expect(isAlive(self)).toBe(true)
  expect(Math.abs(ageOf(self) - process.uptime() * 1000)).toBeLessThan(5000)
})

test('a stranger with the same pid, or from another boot, is not the process', () => {
  const self = identityOf(process.pid)!
  expect(isAlive({ ...self, start: String(Number(self.start) - 1) })).toBe(false)
  expect(isAlive({ ...self, boot: 'another' })).toBe(false)
})

test('a zombie is not alive, although it can be signalled', async () => {
  // The shell becomes a sleep that never asks how its child ended.
  const parent = spawn('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 30'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  try {
    const [line] = (await once(parent.stdout, 'data')) as [Buffer]
    const pid = Number(line.toString())
    await until(() => identityOf(pid) === undefined)
    expect(process.kill(pid, 0)).toBe(true)
  } finally {
    parent.kill('SIGKILL')
  }
})

test('the name of a program may hold spaces, parentheses and a newline', () => {
  const fields = ['S', '1', '7', '7', ...Array.from({ length: 15 }, () => '0'), '4242', '0']
  expect(parseStat(`12 (a) b (\n) ) ${fields.join(' ')}`)).toEqual({
    pid: 12,
    parent: 1,
    group: 7,
    state: 'S',
    ended: false,
    start: '4242',
  })
})

test('a process is alive until its last thread is gone', () => {
  const stat = (threads: number) =>
    `9 (x) Z 1 9 9 ${Array.from({ length: 13 }, () => '0').join(' ')} ${threads} 0 4242 0`
  expect(parseStat(stat(2))!.ended).toBe(false)
  expect(parseStat(stat(1))!.ended).toBe(true)
})
