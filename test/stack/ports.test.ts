import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { requireFreePorts } from '../../stack/port-check.ts'
import { wantedPorts } from '../../stack/up-ports.ts'
import { freshSettings } from './settings-of.ts'

async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

test('free ports are no problem', async () => {
  await requireFreePorts(Object.values(wantedPorts(await freshSettings())))
})

test('a port in use is named, with who holds it and the setting that changes it', async () => {
  const port = await takenPort()
  const { api } = wantedPorts(await freshSettings({ SLUICE_API_PORT: String(port) }))
  await expect(requireFreePorts([api])).rejects.toMatchObject({
    message: expect.stringMatching(
      new RegExp(`^Port ${port} \\(the API\\) is in use by .+ \\(pid ${process.pid}\\)`),
    ),
    next: expect.stringContaining('SLUICE_API_PORT'),
  })
})

test('all ports in use are named at once', async () => {
  const [router, temporal] = [await takenPort(), await takenPort()]
  const settings = await freshSettings({
    SLUICE_ROUTER_PORT: String(router),
    SLUICE_TEMPORAL_PORT: String(temporal),
  })
  await expect(requireFreePorts(Object.values(wantedPorts(settings)))).rejects.toMatchObject({
    message: expect.stringMatching(new RegExp(`${router}[^]*${temporal}`)),
    next: expect.stringContaining('SLUICE_ROUTER_PORT, SLUICE_TEMPORAL_PORT'),
  })
})

test('one port for two parts is refused', async () => {
  const settings = await freshSettings({ SLUICE_API_PORT: '39999', SLUICE_ROUTER_PORT: '39999' })
  await expect(requireFreePorts(Object.values(wantedPorts(settings)))).rejects.toThrow(
    'Port 39999 is set for two parts',
  )
})

test('an address of another machine is called that', async () => {
  const { router } = wantedPorts(await freshSettings({ SLUICE_ROUTER_ADDRESS: '192.0.2.1' }))
  await expect(requireFreePorts([router])).rejects.toThrow(
    '192.0.2.1 (the router) is not an address of this machine',
  )
})
