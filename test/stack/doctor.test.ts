import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { examine } from '../../stack/doctor/index.ts'
import { noCgroups } from '../process/contained.ts'
import { freshSettings } from './settings-of.ts'

test(
  'a sound machine lacks nothing, and is told that Sluice is not running',
  { timeout: 60_000 },
  async () => {
    const checks = await examine(await freshSettings())
    expect(checks.filter(({ state }) => state === 'missing')).toEqual([])
    expect(checks.find(({ name }) => name === 'Sluice')).toMatchObject({
      state: 'advice',
      fix: expect.stringContaining('sluice up'),
    })
    const containment = checks.find(({ name }) => name === 'Containment')
    expect(containment).toMatchObject(
      noCgroups === undefined
        ? { detail: expect.stringContaining('cgroups of version') }
        : { state: 'advice', detail: expect.stringContaining(noCgroups), fix: expect.stringMatching(/./) },
    )
  },
)

test(
  'a taken port and a database that does not answer are found, each with what to do',
  { timeout: 60_000 },
  async () => {
    const settings = await freshSettings({ DATABASE_URL: 'postgres://sluice@127.0.0.1:1/sluice' })
    const server = createServer().listen(settings.apiPort, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const lacking = (await examine(settings)).filter(({ state }) => state === 'missing')
    expect(lacking).toMatchObject([
      { name: 'PostgreSQL', fix: expect.stringContaining('DATABASE_URL') },
      { name: `Port ${settings.apiPort}`, detail: expect.stringContaining(`pid ${process.pid}`) },
    ])
  },
)

test('every setting that is wrong is named at once', async () => {
  await expect(freshSettings({ SLUICE_API_PORT: 'http', SLUICE_TOKEN: 'short' })).rejects.toThrow(
    /SLUICE_API_PORT[^]*SLUICE_TOKEN/,
  )
})
