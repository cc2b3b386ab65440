import { execFileSync } from 'node:child_process'
import { readdirSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { Deployment } from '../../contract/deployment.ts'
import { homePaths } from '../../contract/settings.ts'
import { isThorough } from '../faults/points.ts'
import { tarOf } from '../source/archives.ts'
import { fetched, published } from './registries.ts'
import { finished, makeService } from './service.ts'
import type { Sluice } from './sluice.ts'
import { useSluice } from './use-sluice.ts'

let sluice: Sluice
const homeIsClosed = !(statSync(os.homedir()).mode & 0o001)
const root = useSluice((started) => (sluice = started), {
  // Toolchains of developers often lie in their home, which no other user may enter.
  env: homeIsClosed ? { SLUICE_ISOLATION: 'none' } : {},
})

const wanted = published.filter(({ slow }) => !slow || isThorough)

const archivesOf = (service: string): string[] =>
  readdirSync(path.join(homePaths(sluice.home).archives, service)).filter((name) => !name.endsWith('.json'))

const latest = async (service: string): Promise<Deployment> => {
  const { body } = await sluice.api<{ data: Deployment[] }>(
    'GET',
    `/v1/deployments?serviceId=${service}&limit=1`,
  )
  return body.data[0]!
}

test(
  'a folder, then an archive are deployed; a rollback and a retry need neither again',
  { timeout: 120_000 },
  async () => {
    const service = await makeService(sluice, root.directory, 'carried', { fixture: 'tiny' })
    const folder = service.repository.directory
    const version = (text: string) => writeFileSync(path.join(folder, 'version.txt'), text)

    version('from the folder, not committed')
    const first = await sluice.cli('deploy', 'carried', '--dir', folder)
    expect(first, first.stderr).toMatchObject({ exitCode: 0 })
    expect(first.stderr).toContain('Sending carried.tar.gz')
    expect(await service.get()).toEqual({ status: 200, text: 'from the folder, not committed' })
    const v1 = await latest('carried')
    expect(v1).toMatchObject({
      trigger: 'archive',
      ref: 'carried.tar.gz',
      commitSha: expect.stringMatching(/^sha256:/),
    })

    version('from a file')
    const file = path.join(root.directory, 'carried-2.zip.tar')
    execFileSync('tar', ['-cf', file, '--exclude=.git', '-C', root.directory, 'carried'])
    const second = await sluice.cli('deploy', 'carried', '--archive', file)
    expect(second, second.stderr).toMatchObject({ exitCode: 0 })
    expect(await service.get()).toEqual({ status: 200, text: 'from a file' })
    expect(archivesOf('carried')).toHaveLength(2)

    const refused = path.join(root.directory, 'hostile.tar')
    writeFileSync(refused, tarOf([{ path: 'a' }, { path: '../../owned', content: 'x' }]))
    const third = await sluice.cli('deploy', 'carried', '--archive', refused)
    expect(third).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('../../owned leads out') as string,
    })
    expect(archivesOf('carried')).toHaveLength(2)
    expect(await service.get()).toEqual({ status: 200, text: 'from a file' })

    const back = await sluice.cli('rollback', 'carried')
    expect(back, back.stderr).toMatchObject({ exitCode: 0 })
    expect(await service.get()).toEqual({ status: 200, text: 'from the folder, not committed' })
    const { body } = await sluice.api<Deployment>('POST', '/v1/deployments/carried.production.2/retry')
    expect(await finished(sluice, body.id)).toMatchObject({ status: 'SUCCEEDED', trigger: 'retry' })
    expect(await service.get()).toEqual({ status: 200, text: 'from a file' })
  },
)

// One after the other: compilers would starve the rest of the processor.
test.for(wanted)(
  '$id, as its registry gives it out, is deployed and answers',
  { timeout: 300_000 },
  async (one, context) => {
    const got = await fetched(one, root.directory)
    if ('why' in got) return context.skip(got.why)
    const service = await makeService(sluice, root.directory, one.id, {
      fixture: 'empty',
      ...(one.variables ? { variables: one.variables } : {}),
    })
    if (one.config) await service.environment('production', { config: one.config })
    const deployed = await sluice.cli('deploy', one.id, '--archive', got.file)
    context.expect(deployed, deployed.stderr + deployed.stdout).toMatchObject({ exitCode: 0 })
    context.expect(await service.get(one.asks)).toMatchObject({
      status: 200,
      text: context.expect.stringMatching(one.answers) as string,
    })
  },
)
