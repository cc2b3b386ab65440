import { readdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { InstanceFolder } from '../../adapters/runtime/process/instance-folder.ts'
import { trimLog } from '../../adapters/runtime/process/service-log.ts'
import { canMount, fillFiles, SmallDisk } from '../faults/small-disk.ts'
import { testHost, until } from '../process/host.ts'
import { runtimeBench } from './workbench.ts'

const mebibyte = 1024 ** 2
const id = 'shop/production/1'

describe.runIf(canMount)('the log of a service on a full disk', () => {
  test('is cut without a copy, and who follows it sees nothing twice', { timeout: 30_000 }, async () => {
    const { runtime, spec, home, folder, atEnd } = await runtimeBench()
    const disk = new SmallDisk(path.join(home, 'instances'), { bytes: 13 * mebibyte, files: 100 })
    atEnd(async () => disk.unmount())
    const line = 'x'.repeat(1000)
    const lines = (from: number, to: number) =>
      `i=${from}; while [ $i -lt ${to} ]; do echo $i ${line}; i=$((i+1)); done`
    const wait = (name: string) => `touch ${name}; until [ -e ${name}.on ]; do sleep 0.05; done`
    await runtime.start(
      spec(
        `${wait('up')}; ${lines(0, 6000)}; ${wait('first')}; ${lines(6000, 20_000)} 2>/dev/null; ${wait('full')}; ` +
          'echo after; sleep 60',
      ),
    )
    const there = (name: string) => until(() => readdirSync(folder).includes(name))
    const goOn = (name: string) => writeFileSync(path.join(folder, `${name}.on`), '')
    const logs = new InstanceFolder(path.join(home, 'instances', id))

    const abort = new AbortController()
    const following = runtime.follow(id, { lines: 0, signal: abort.signal })[Symbol.asyncIterator]()
    const seen: string[] = []
    const next = async () => seen.push(String((await following.next()).value).split(' x')[0]!)
    await there('up')
    const first = next()
    goOn('up')
    await first
    await there('first')
    while (seen.length < 6000) await next()
    await runtime.trimLogs()
    expect(statSync(logs.earlierOutput).size).toBeGreaterThan(3 * mebibyte)
    goOn('first')
    while (seen.length < 6100) await next()
    await there('full')
    expect(disk.used().bytes).toBe(13 * mebibyte)

    await runtime.trimLogs()
    expect(disk.used().bytes).toBeLessThan(5 * mebibyte)
    expect(readdirSync(logs.directory)).not.toContain('output.1.new')
    goOn('full')
    while (seen.at(-1) !== 'after') await next()
    abort.abort()
    const numbers = seen.filter((text) => /^\d+$/.test(text)).map(Number)
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, number) => number))
    expect(seen.at(-2)).toMatch(/^\[sluice\] the disk was full: \d+ bytes of the log were not kept$/)
    expect(await runtime.tail(id, 10_000)).toMatch(/ x+\n.*\n?\[sluice\] the disk was full: .*\nafter\n$/)
  })

  test('of files is cut as well, and no look leaves a file open', async () => {
    const { home, atEnd } = await testHost()
    const disk = new SmallDisk(path.join(home, 'small'), { bytes: 16 * mebibyte, files: 20 })
    atEnd(async () => disk.unmount())
    const logs = new InstanceFolder(disk.folder)
    writeFileSync(logs.output, '')
    fillFiles(disk.folder)
    const open = () => readdirSync('/proc/self/fd').length
    const before = open()
    for (let look = 0; look < 20; look++) {
      writeFileSync(logs.output, 'x'.repeat(3 * mebibyte), { flag: 'a' })
      await trimLog(logs, 4 * mebibyte)
      expect(statSync(logs.output).size).toBeLessThan(100)
    }
    expect(open()).toBe(before)
  })
})
