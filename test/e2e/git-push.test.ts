import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import type { Deployment } from '../../contract/deployment.ts'
import { homePaths } from '../../contract/settings.ts'
import { git } from '../server/git-client.ts'
import { startLoad } from './load.ts'
import { makeRepository } from './repository.ts'
import { deploymentWhen, expectStatus, finished, until } from './service.ts'
import type { Sluice } from './sluice.ts'
import { useSluice } from './use-sluice.ts'

let sluice: Sluice
const root = useSluice((started) => (sluice = started))

const id = 'pushed'

it('git push deploys, replaces under load, shows what breaks, and survives a kill of the server', async () => {
  const added = await sluice.cli('service', 'add', id, '--push')
  expect(added).toMatchObject({ exitCode: 0, stdout: `${id}\n` })
  const remote = await sluice.cli('git-remote', id)
  const pushUrl = `${sluice.url.replace('//', '//sluice@')}/git/${id}.git`
  expect(remote).toMatchObject({ exitCode: 0, stdout: `git remote add sluice ${pushUrl}\n` })
  expect(remote.stderr).toContain('git push sluice main')
  const scratch = mkdtempSync(path.join(root.directory, 'scratch-'))
  chmodSync(scratch, 0o777)
  const variables = { COUNT_FILE: path.join(scratch, 'counts') }
  await expectStatus(
    sluice.api('PUT', `/v1/services/${id}/environments/production`, { branch: 'main', variables }),
    200,
  )
  const { directory, commit } = makeRepository(root.directory, id)
  const url = pushUrl.replace('sluice@', `sluice:${sluice.token}@`)
  const push = () => git(directory, 'push', url, 'main')
  const host = `${id}.localhost`

  const first = await push()
  expect(first).toMatchObject({ code: 0 })
  expect(first.said).toMatch(/remote: -----> install.*remote: -----> switch.*✓ pushed.production.1 is live/s)
  expect(first.said).not.toContain(sluice.token)

  const load = startLoad(sluice, host, 8)
  commit({ 'version.txt': 'v2\n' })
  const second = await push()
  expect(second.said).toContain('✓ pushed.production.2 is live')
  const broken =
    'build: echo compiling; echo "cannot resolve ./App.vue" >&2; exit 3\nstart: exec node server.js\n'
  commit({ 'version.txt': 'v3\n', 'sluice.yaml': broken })
  const third = await push()
  expect(third).toMatchObject({ code: 0 })
  expect(third.said).toContain('✗ pushed.production.3 failed at build: BuildFailed.')
  expect(third.said).toContain('cannot resolve ./App.vue')
  expect(third.said).toContain('The live release was not touched.')
  const report = await load.stop()
  expect(report.wrong).toEqual([])
  expect(Object.keys(report.versions).toSorted()).toEqual(['v1', 'v2'])

  // Right after the refs have changed, before anything else is done about it.
  const server = sluice.part('server')
  const hook = path.join(homePaths(sluice.home).repositories, '.hooks', 'post-receive')
  writeFileSync(hook, `#!/bin/sh\nkill -9 ${server.pid}\n`)
  const sha = commit({ 'version.txt': 'v4\n', 'sluice.yaml': 'start: exec node server.js\n' })
  expect((await push()).code).not.toBe(0)
  await sluice.waitForPart('server', server)
  const list = `/v1/deployments?serviceId=${id}`
  const deployments = () =>
    sluice.api<{ data: Deployment[] }>('GET', list).then(
      ({ body }) => body.data,
      () => [],
    )
  await until(async () => (await deployments()).length === 4)
  const fourth = await finished(sluice, `${id}.production.4`)
  expect(fourth).toMatchObject({ status: 'SUCCEEDED', trigger: 'push', commitSha: sha, live: true })

  // The same commit again changes nothing; the next one finds the hooks as they should be.
  expect((await push()).said).toContain('Everything up-to-date')
  commit({ 'version.txt': 'v5\n' })
  expect((await push()).said).toContain('✓ pushed.production.5 is live')
  expect(await deployments()).toHaveLength(5)
  await deploymentWhen(sluice, `${id}.production.5`, ({ live }) => live)
}, 180_000)
