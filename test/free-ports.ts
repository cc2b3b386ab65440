import { createServer } from 'node:net'

// Below what systems give to outgoing connections (32768 and up on Linux, 49152 and up on macOS), for one of those may
// sit on a port by the time a server wants it; and below what Sluice gives to services.
const first = 10_000
const last = 19_999
/** Browsers and `fetch` refuse to connect to it (the port blocking of the Fetch standard). */
const blocked = 10_080
/** A place of this process's own: several test files look for ports at the same time. */
let next = first + Math.floor(Math.random() * (last - first))

/** Ports that were free a moment ago; none comes twice. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = []
  while (ports.length < count) {
    next = next < last ? next + 1 : first
    if (next !== blocked && (await canListen(next))) ports.push(next)
  }
  return ports
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1)
  return port as number
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
