import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { endProcess } from '../../stack/end-process.ts'
import { identityOf, isAlive, ownIdentity, parentOf } from '../../stack/identity.ts'

test('a process is known by its pid and its start', () => {
  expect(identityOf(process.pid)).toEqual(ownIdentity())
  expect(isAlive(ownIdentity())).toBe(true)
})

test('a stranger with the same pid is not the process', async () => {
  const child = spawn('sleep', ['60'])
  await once(child, 'spawn')
  const stranger = { pid: child.pid!, started: 'another boot:1' }
  expect(isAlive(stranger)).toBe(false)
  await endProcess(stranger, { graceMs: 100 })
  expect(isAlive(identityOf(child.pid!)!)).toBe(true)
  child.kill('SIGKILL')
})

test('a process that has ended is not alive, and ending it is fine', async () => {
  const child = spawn('true')
  const identity = identityOf(child.pid!) ?? { pid: child.pid!, started: 'unknown' }
  await once(child, 'exit')
  expect(isAlive(identity)).toBe(false)
  await endProcess(identity, { graceMs: 100 })
})

test('a process that ignores SIGTERM is killed after the grace', async () => {
  const child = spawn('sh', ['-c', 'trap "" TERM; echo ready; while :; do sleep 1; done'], { detached: true })
  await once(child.stdout, 'data')
  const exited = once(child, 'exit')
  await endProcess(identityOf(child.pid!)!, { graceMs: 100, group: true })
  expect(await exited).toEqual([null, 'SIGKILL'])
})

test('the parent of a process is found', async () => {
  const child = spawn('sleep', ['60'])
  await once(child, 'spawn')
  expect(parentOf(child.pid!)).toBe(process.pid)
  child.kill('SIGKILL')
})
