import { expect, test } from 'vitest'
import type { Plan } from '../../contract/plan.ts'
import { makeRepository, repositoryRoot } from '../e2e/repository.ts'
import { callCli, cleanEnvironment } from '../e2e/sluice.ts'
import { freePorts } from '../free-ports.ts'
import { temporaryFolder } from '../stack/settings-of.ts'

const environment = async () => {
  const [port] = await freePorts(1)
  return { ...cleanEnvironment(), SLUICE_HOME: await temporaryFolder(), SLUICE_API_PORT: String(port) }
}

test('a command that does not exist is a usage error, with a suggestion', async () => {
  const answer = await callCli(['deplo', 'shop'], await environment())
  expect(answer).toMatchObject({ exitCode: 2, stdout: '' })
  expect(answer.stderr).toContain('Did you mean deploy?')
})

test('a missing argument and an unknown option are usage errors', async () => {
  const env = await environment()
  expect(await callCli(['deploy'], env)).toMatchObject({
    exitCode: 2,
    stderr: expect.stringContaining("'service'"),
  })
  expect(await callCli(['deploy', 'shop', '--forse'], env)).toMatchObject({ exitCode: 2 })
  const wrong = await callCli(['deploy', 'shop', '--timeout', 'soon'], env)
  expect(wrong).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('soon is not a duration') })
})

test('help lists every command, on stdout', async () => {
  const { exitCode, stdout } = await callCli(['--help'], await environment())
  expect(exitCode).toBe(0)
  const listed = [
    'up',
    'down',
    'doctor',
    'service',
    'env',
    'deploy',
    'status',
    'logs',
    'cancel',
    'rollback',
    'retry',
    'plan',
    'open',
    'token',
    'approve',
    'reject',
    'hold',
    'unhold',
    'webhook',
    'deliveries',
  ]
  for (const name of listed) expect(stdout).toMatch(new RegExp(`^ +${name} `, 'm'))
})

test('an API that does not answer is said to be that, with what to do', async () => {
  const env = await environment()
  const answer = await callCli(['status'], env)
  expect(answer).toMatchObject({ exitCode: 1, stdout: '' })
  expect(answer.stderr).toContain(`The API does not answer at http://127.0.0.1:${env.SLUICE_API_PORT}`)
  expect(answer.stderr).toContain('sluice up')
  expect(JSON.parse((await callCli(['status', '--json'], env)).stderr)).toMatchObject({ exitCode: 1 })
})

test('a wrong setting is named', async () => {
  const answer = await callCli(['status'], { ...(await environment()), SLUICE_API_PORT: 'seven' })
  expect(answer).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('SLUICE_API_PORT') })
})

test('a home without a token has none to print', async () => {
  expect(await callCli(['token'], await environment())).toMatchObject({ exitCode: 4, stdout: '' })
})

test('plan explains a folder without any server', async () => {
  const answer = await callCli(['plan', 'examples/hello'], await environment())
  expect(answer).toMatchObject({ exitCode: 0, stderr: '' })
  expect(answer.stdout).toMatch(/start +node server\.js[^]*health +\/healthz/)
  expect(answer.stdout).not.toContain('\u001b')
  const empty = await callCli(['plan', await temporaryFolder()], await environment())
  expect(empty).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('NoPlan') })
})

test('plan explains a repository by its url, at the ref asked for', { timeout: 60_000 }, async () => {
  const root = repositoryRoot()
  try {
    const repository = makeRepository(root.directory, 'shown', 'empty')
    const first = repository.commit({ Procfile: 'web: the first\n' })
    repository.commit({ Procfile: 'web: the second\n' })
    const url = `file://${repository.directory}`
    const env = await environment()
    const planned = async (...words: string[]) => {
      const answer = await callCli(['plan', ...words, '--json'], env)
      expect(answer, answer.stderr).toMatchObject({ exitCode: 0, stderr: '' })
      return (JSON.parse(answer.stdout) as Plan).start.command
    }
    const [newest, older, refused, gone] = await Promise.all([
      planned(url),
      planned(url, '--ref', first),
      callCli(['plan', url, '--ref=--upload-pack=id'], env),
      callCli(['plan', 'file://user:pass@/nowhere'], env),
    ])
    expect([newest, older]).toEqual(['the second', 'the first'])
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
    expect(gone).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('could not be read') })
    expect(gone.stderr).not.toContain('pass')
  } finally {
    root.remove()
  }
})
