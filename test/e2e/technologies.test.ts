import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import os from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isThorough } from '../faults/points.ts'
import { technologyServices } from '../services/technologies.ts'
import { repositoryRoot } from './repository.ts'
import { makeService } from './service.ts'
import { startSluice, type Sluice } from './sluice.ts'

const root = repositoryRoot()
let sluice: Sluice
beforeAll(async () => {
  sluice = await startSluice({
    env: {
      SLUICE_SOURCE_ROOTS: root.directory,
      // Toolchains of developers often lie in their home, which no other user may enter.
      ...(homeIsClosed() ? { SLUICE_ISOLATION: 'none' } : {}),
    },
  })
}, 120_000)
afterAll(async () => {
  await sluice?.stop()
  root.remove()
}, 60_000)

function homeIsClosed(): boolean {
  return !(statSync(os.homedir()).mode & 0o001)
}

function whyNot(program: string): string | undefined {
  try {
    execFileSync('/bin/sh', ['-c', `command -v ${program}`], { stdio: 'pipe' })
    return undefined
  } catch {
    return `${program} is not installed`
  }
}

/** Those that need neither a compiler nor much of a registry; SLUICE_FAULTS=all builds every one. */
const quick = ['static', 'flask']
const chosen = technologyServices.filter(({ id }) => isThorough || quick.includes(id))

/** One group after the other: compilers would starve the rest of the processor. */
const groups = {
  interpreted: chosen.filter(({ compiled }) => !compiled),
  compiled: chosen.filter(({ compiled }) => compiled),
}

describe.each(Object.entries(groups).filter(([, services]) => services.length > 0))(
  '%s services are built with the tools of the host and answer',
  (_, services) => {
    for (const { id, needs, files, technology } of services) {
      const missing = needs && whyNot(needs)
      const name = missing === undefined ? id : `${id} (${missing})`
      test.skipIf(missing !== undefined).concurrent(name, { timeout: 180_000 }, async () => {
        const service = await makeService(sluice, root.directory, id, { fixture: 'empty' })
        service.repository.commit(files)
        const deployment = await service.deploy()
        const logs =
          deployment.status === 'SUCCEEDED'
            ? []
            : await sluice.ndjson(`/v1/deployments/${deployment.id}/logs`)
        expect({ status: deployment.status, failure: deployment.failure, logs }).toMatchObject({
          status: 'SUCCEEDED',
        })
        expect(deployment.steps.find(({ name: step }) => step === 'fetch')?.detail).toContain(technology)
        expect(await service.get('/')).toEqual({ status: 200, text: `hello from ${id}` })
      })
    }
  },
)

test(
  'a version that the host does not have starts nothing, and is told with what is there',
  { timeout: 60_000 },
  async () => {
    const service = await makeService(sluice, root.directory, 'pinned', { fixture: 'empty' })
    service.repository.commit({
      'package.json': JSON.stringify({ scripts: { start: 'node server.js' } }),
      'server.js': '',
      '.nvmrc': '4.0.0\n',
    })
    const asked = { serviceId: 'pinned', environment: 'production' }
    expect(await sluice.api('POST', '/v1/deployments', asked)).toMatchObject({
      status: 422,
      body: {
        code: 'PreflightFailed',
        findings: [{ code: 'ToolMissing', message: expect.stringMatching(/node 4\.0\.0 .*host has \d+/s) }],
      },
    })
    expect(await sluice.api('GET', '/v1/deployments?serviceId=pinned')).toMatchObject({ body: { data: [] } })
  },
)
