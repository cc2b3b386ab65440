import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { OutputFile } from '../../adapters/jobs/detached/output-file.ts'
import { canMount, fillFiles, SmallDisk } from '../faults/small-disk.ts'
import { testHost } from '../process/host.ts'
import { workbench } from './workbench.ts'

const mebibyte = 1024 ** 2

describe.runIf(canMount)('the output of a job on a full disk', () => {
  test('is cut while the job runs, and nothing is shown that is not there', async () => {
    const { run, job, home, atEnd } = await workbench('auto', mebibyte)
    const disk = new SmallDisk(path.join(home, 'jobs'), { bytes: 4 * mebibyte, files: 100 })
    atEnd(async () => disk.unmount())
    let position = 0
    const slow = async (chunk: Buffer, offset: number) => {
      expect(offset).toBeGreaterThanOrEqual(position)
      expect(chunk.includes(0)).toBe(false)
      position = offset + chunk.length
      await sleep(20)
    }
    const spec = job(`head -c 8000000 /dev/zero | tr '\\0' x; sleep 0.5; echo; echo the end`)
    const result = await run(spec, { write: slow })
    expect(result).toMatchObject({ outcome: 'exited', exitCode: 0, tail: 'the end\n' })
    expect(disk.used().bytes).toBeLessThan(mebibyte)
    // Another agent knows it too.
    const again = await run(spec)
    expect(again).toMatchObject({ attached: true })
    expect(again.output).toMatch(/^x+[^\0]*\nthe end\n$/)
    expect(again.output.length).toBeLessThan(mebibyte)
  })

  test('of files is cut without the note, which comes once there is room', async () => {
    const { home, atEnd } = await testHost()
    const disk = new SmallDisk(path.join(home, 'small'), { bytes: 4 * mebibyte, files: 20 })
    atEnd(async () => disk.unmount())
    const file = new OutputFile(path.join(disk.folder, 'output'), mebibyte)
    const grow = () => writeFileSync(file.path, 'x'.repeat(2 * mebibyte), { flag: 'a' })
    const note = path.join(disk.folder, 'let-go')
    const kept = 64 * 1024
    grow()
    const giveBack = fillFiles(disk.folder)
    await file.limit()
    expect(existsSync(note)).toBe(false)
    expect(statSync(file.path)).toMatchObject({ size: 2 * mebibyte, blocks: kept / 512 })
    const piece = await file.pieceAt(0, 2 * mebibyte)
    expect(piece).toEqual({ bytes: Buffer.alloc(kept, 'x'), offset: 2 * mebibyte - kept })

    giveBack()
    grow()
    await file.limit()
    expect(readFileSync(note, 'utf8')).toBe(String(4 * mebibyte - kept))
  })
})
