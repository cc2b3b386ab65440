import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { planSchema } from '../../contract/plan.ts'
import { startApi, type Api } from './api.ts'

let api: Api
const plan = '/v1/services/planned/environments/production/plan'

function commit(folder: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text)
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...args], { cwd: folder })
  git('init', '-q', '-b', 'main')
  git('add', '-A')
  git('commit', '-q', '-m', 'change')
}

beforeAll(async () => {
  api = await startApi()
  const folder = path.join(api.root, 'planned')
  mkdirSync(folder)
  commit(folder, { Procfile: 'web: ./serve\n' })
  await api.call('POST', '/v1/services', { serviceId: 'planned', source: { kind: 'git', url: folder } })
  await api.call('PUT', '/v1/services/planned/environments/production', { branch: 'main' })
}, 60_000)
afterAll(() => api.stop())

it('shows how the repository would be started, and why', async () => {
  const answer = await api.call('GET', plan)
  expect(answer.status).toBe(200)
  expect(planSchema.parse(answer.body)).toMatchObject({ start: { command: './serve' } })
})

it('says which ref is not there', async () => {
  const answer = await api.refused(422, 'RefNotFound', 'GET', `${plan}?ref=nothing`)
  expect(answer.body.detail).toContain('nothing')
})

it('says what is wrong with sluice.yaml, and where', async () => {
  commit(path.join(api.root, 'planned'), { 'sluice.yaml': 'start: ./serve\nbootTimeout: soon\n' })
  const answer = await api.refused(422, 'ConfigInvalid', 'GET', plan)
  expect(answer.body.errors?.[0]?.pointer).toContain('bootTimeout')
})
