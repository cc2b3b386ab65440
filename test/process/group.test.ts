import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { markVariable, membersOf, sweep, terminate } from '../../adapters/process/group.ts'
import { identityOf, isAlive } from '../../adapters/process/identity.ts'
import { readProcess } from '../../adapters/process/process-table.ts'
import { until } from './host.ts'

/** A group of its own with the mark, as jobs and instances are. */
async function startFamily(script: string, mark: string = randomUUID()) {
  const child = spawn('sh', ['-c', script], {
    detached: true,
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], [markVariable]: mark },
  })
  await once(child, 'spawn')
  const leader = identityOf(child.pid!)!
  return { leader, mark, eldest: leader }
}

test('everybody in the group ends, and those who left it by a double fork too', async () => {
  const family = await startFamily('sleep 60 & (setsid sh -c "sleep 60 & sleep 60" &) ; sleep 60')
  await until(() => membersOf(family).length >= 6)
  const members = membersOf(family)
  await terminate(family, 2000)
  expect(members.filter(isAlive)).toEqual([])
})

test('nobody is asked for the mark who is older than the eldest', async () => {
  const older = await startFamily('exec sleep 60')
  const start = String(Number(older.leader.start) + 1)
  expect(membersOf({ ...older, leader: undefined })).toEqual([older.leader])
  expect(membersOf({ ...older, leader: undefined, eldest: { ...older.leader, start } })).toEqual([])
  await terminate(older, 100)
})

test('who ignores SIGTERM is killed once the grace is over', async () => {
  const family = await startFamily(`trap '' TERM; sleep 60; sleep 60`)
  await until(() => membersOf(family).length === 2)
  const began = performance.now()
  await terminate(family, 300)
  expect(performance.now() - began).toBeGreaterThanOrEqual(295)
  expect(membersOf(family)).toEqual([])
})

test('a group whose number was given to strangers is left alone', async () => {
  const stranger = await startFamily('sleep 60')
  try {
    const gone = { ...stranger.leader, start: String(Number(stranger.leader.start) - 100) }
    const family = { leader: gone, mark: randomUUID() }
    expect(membersOf(family)).toEqual([])
    await terminate(family, 100)
    expect(isAlive(stranger.leader)).toBe(true)
  } finally {
    await terminate(stranger, 100)
  }
})

test('after the leader has gone, a marked member still proves whose the group is', async () => {
  // The one that clears its environment is found by the group, the other by its mark.
  const family = await startFamily('sleep 60 & env -i sleep 60 & sleep 0.3')
  await until(() => !isAlive(family.leader))
  expect(membersOf(family)).toHaveLength(2)
  await terminate(family, 1000)
  expect(membersOf(family)).toEqual([])
})

test('a sweep spares the one it is told to', async () => {
  const family = await startFamily('trap : TERM; sleep 60 & (setsid sleep 60 &); sleep 0.1; kill -STOP $$')
  await until(() => readProcess(family.leader.pid)?.state === 'T')
  await sweep(family, family.leader.pid, 200)
  expect(membersOf(family)).toEqual([family.leader])
  await terminate(family, 100)
})
