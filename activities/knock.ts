import { connect } from 'node:net'

/** Whether anybody accepts a connection there. To learn who it is costs milliseconds more. */
export async function knock(port: number): Promise<boolean> {
  return (await opens(port, '127.0.0.1')) || (await opens(port, '::1'))
}

/** Milliseconds; on loopback nobody needs longer. */
const patience = 1000

function opens(port: number, host: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ port, host, timeout: patience })
  socket.once('connect', () => resolve(true))
  for (const event of ['error', 'timeout']) socket.once(event, () => resolve(false))
  return promise.finally(() => socket.destroy())
}
