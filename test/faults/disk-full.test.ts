import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { remainsOf } from '../e2e/remains.ts'
import { repositoryRoot } from '../e2e/repository.ts'
import { makeService, type TestService } from '../e2e/service.ts'
import { startSluice, temporaryHome, type Sluice } from '../e2e/sluice.ts'
import { canMount, SmallDisk } from './small-disk.ts'

const mebibyte = 1024 ** 2

/** Needs root, to mount: releases on a disk of 12 MiB and 600 files, jobs on one of 4 MiB. */
describe.runIf(canMount)('a disk is full', () => {
  let home: string
  let root: ReturnType<typeof repositoryRoot>
  let releases: SmallDisk
  let jobs: SmallDisk
  let sluice: Sluice
  let service: TestService

  beforeAll(async () => {
    home = await temporaryHome()
    root = repositoryRoot()
    releases = new SmallDisk(path.join(home, 'environments'), { bytes: 12 * mebibyte, files: 600 })
    jobs = new SmallDisk(path.join(home, 'jobs'), { bytes: 4 * mebibyte, files: 200 })
    sluice = await startSluice({ home, env: { SLUICE_SOURCE_ROOTS: root.directory } })
    service = await makeService(sluice, root.directory, 'shop')
    expect(await service.deploy()).toMatchObject({ status: 'SUCCEEDED' })
  }, 120_000)
  afterAll(async () => {
    await sluice?.stop()
    for (const disk of [releases, jobs]) disk?.unmount()
    rmSync(home, { recursive: true, force: true })
    root?.remove()
  }, 60_000)

  const build = (script: string) => ({
    'sluice.yaml': `start: exec node server.js\nbuild: |\n${script.replaceAll(/^/gm, '  ')}\n`,
  })
  const plain = { 'sluice.yaml': 'start: exec node server.js\n', 'big.bin': '' }

  /** What each fault must do: a clear failure, everything undone, the old release serving, and room again. */
  async function failsOf(change: Record<string, string>, step: string) {
    const before = { releases: releases.used(), jobs: jobs.used() }
    service.repository.commit(change)
    const failed = await service.deploy()
    expect(failed).toMatchObject({
      status: 'FAILED',
      compensation: 'DONE',
      failure: { code: 'DiskFull', step, hint: expect.stringContaining('Free space') },
    })
    expect(remainsOf(sluice, failed.id)).toEqual([])
    expect(await service.get()).toEqual({ status: 200, text: 'v1' })
    for (const [disk, used] of [
      [releases, before.releases],
      [jobs, before.jobs],
    ] as const) {
      expect(disk.used().bytes).toBeLessThan(used.bytes + mebibyte / 4)
      expect(disk.used().files).toBeLessThan(used.files + 10)
    }
    return failed
  }

  test('each step that finds no room says so and is undone', { timeout: 200_000 }, async () => {
    const fetched = await failsOf({ 'big.bin': 'x'.repeat(13 * mebibyte) }, 'fetch')
    expect(fetched.failure?.message).toContain('environments')

    const built = await failsOf({ ...plain, ...build('head -c 40000000 /dev/zero > big') }, 'build')
    expect(built.failure?.message).toMatch(/of 12 MiB and \d+ of 600 files \(inodes\) are free/)

    const manyFiles = 'i=0; while [ $i -lt 2000 ]; do : > f$i || exit 1; i=$((i+1)); done'
    const files = await failsOf({ ...plain, ...build(manyFiles) }, 'build')
    expect(files.failure?.message).toContain('0 of 600 files')

    // Its output, which fills the disk where its exit status goes as well.
    const said = await failsOf({ ...plain, ...build('head -c 20000000 /dev/zero') }, 'build')
    expect(said.failure?.message).toContain('/jobs')
  })

  test(
    'a full disk is found before a deployment starts; given room, it goes',
    { timeout: 60_000 },
    async () => {
      const filler = path.join(releases.folder, 'filler')
      writeFileSync(filler, Buffer.alloc(12 * mebibyte - releases.used().bytes))
      const refused = await sluice.api('POST', '/v1/deployments', {
        serviceId: 'shop',
        environment: 'production',
      })
      expect(refused).toMatchObject({ status: 422 })
      expect(JSON.stringify(refused.body)).toMatch(/DiskLow.*0 MiB of 12 MiB.*asks for/)
      expect(await service.get()).toEqual({ status: 200, text: 'v1' })
      rmSync(filler)
      const names = path.join(releases.folder, 'names')
      mkdirSync(names)
      for (let free = 600 - releases.used().files; free > 0; free--)
        writeFileSync(path.join(names, `${free}`), '')
      const without = await sluice.api('GET', '/v1/services/shop/environments/production/preflight')
      expect(JSON.stringify(without.body)).toMatch(/DiskLow.*0 of 600 files/)
      rmSync(names, { recursive: true })
      service.repository.commit({ ...plain, 'version.txt': 'v2\n' })
      expect(await service.deploy()).toMatchObject({ status: 'SUCCEEDED' })
      expect(await service.get()).toEqual({ status: 200, text: 'v2' })
      expect(readdirSync(path.join(home, 'environments', '.trash'))).toEqual([])
    },
  )
})
