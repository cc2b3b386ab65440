import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'

/** A back end within the test, closed at the end of it. */
export interface Service {
  port: number
  /** Request lines and raw headers, in the order they came. */
  seen: { method: string; url: string; headers: [string, string][] }[]
  close(): Promise<void>
}

const open = new Set<Service>()

type Handler = (request: http.IncomingMessage, response: http.ServerResponse) => unknown

export async function httpService(handler: Handler): Promise<Service> {
  const seen: Service['seen'] = []
  const server = http.createServer((request, response) => {
    const headers = request.rawHeaders.flatMap((name, i, all): [string, string][] =>
      i % 2 === 0 ? [[name.toLowerCase(), all[i + 1] as string]] : [],
    )
    seen.push({ method: request.method as string, url: request.url as string, headers })
    request.on('error', () => {})
    handler(request, response)
  })
  return listen(server, seen, () => server.closeAllConnections())
}

/** A back end that speaks bytes: `onConnection` gets every connection. */
export async function rawService(onConnection: (socket: net.Socket) => void): Promise<Service> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    onConnection(socket)
  })
  return listen(server, [], () => sockets.forEach((socket) => socket.destroy()))
}

/** Answers the n-th request of the service (over all connections) with the n-th bytes; the last for all further. */
export function answering(...answers: string[]): Promise<Service> {
  let count = 0
  return rawService((socket) => {
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (!text.includes('\r\n\r\n')) return
      text = ''
      const answer = answers[Math.min(count++, answers.length - 1)] as string
      if (answer === '') socket.destroy()
      else if (answer.endsWith('…')) socket.end(answer.slice(0, -1), 'latin1')
      else socket.write(answer, 'latin1')
    })
  })
}

export async function closeServices(): Promise<void> {
  await Promise.all([...open].map((service) => service.close()))
}

async function listen(server: net.Server, seen: Service['seen'], cut: () => void): Promise<Service> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const service: Service = {
    port: (server.address() as net.AddressInfo).port,
    seen,
    async close() {
      open.delete(service)
      const closed = new Promise((resolve) => server.close(resolve))
      cut()
      await closed
    },
  }
  open.add(service)
  return service
}

/** A port that nothing listens on. */
export async function unusedPort(): Promise<number> {
  const service = await rawService(() => {})
  await service.close()
  return service.port
}
