import { readFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Server } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { listeners, parseSockets } from '../../adapters/runtime/process/listeners.ts'

test.runIf(process.platform === 'linux')(
  'finds each of many listeners, however many connections there are',
  async () => {
    const servers = await Promise.all(Array.from({ length: 40 }, () => listenOn('127.0.0.1')))
    const busy = servers[0]!
    await Promise.all(Array.from({ length: 60 }, () => connectTo(portOf(busy))))

    const found = new Map((await listeners())!.map(({ port, uid }) => [port, uid]))

    for (const server of servers) expect(found.get(portOf(server))).toBe(process.getuid!())
  },
)

test.runIf(process.platform === 'linux')(
  'shows exactly what the whole tables of the kernel show',
  async () => {
    const own = portOf(await listenOn('127.0.0.1'))
    const whole = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
      parseSockets(readFileSync(file, 'utf8')),
    )

    const found = (await listeners())!

    // Others come and go on the machine meanwhile: those of this test stay.
    expect(found.filter(({ port }) => port === own)).toEqual(whole.filter(({ port }) => port === own))
    expect(found.length).toBeGreaterThan(0)
  },
)

async function listenOn(host: string): Promise<Server> {
  const server = createServer().listen(0, host)
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => void server.close())
  return server
}

async function connectTo(port: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' })
  await new Promise((resolve) => socket.once('connect', resolve))
  onTestFinished(() => void socket.destroy())
}

const portOf = (server: Server) => (server.address() as AddressInfo).port
