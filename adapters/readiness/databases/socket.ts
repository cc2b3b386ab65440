import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import type { Target } from './address.ts'
import { Unreachable } from './unreachable.ts'

/** An open connection to a server whose answers come in pieces. */
export interface Conversation {
  send(data: string | Uint8Array): void
  /** Reads until `complete` finds what it looks for in everything received since the last answer. */
  receive<T>(complete: (received: Buffer) => { value: T; length: number } | undefined): Promise<T>
  /** Goes on encrypted, for protocols that begin without; the certificate is checked. */
  encrypt(): Promise<void>
}

/** More than any greeting; a server that sends more is not what we look for. */
const receiveLimit = 64 * 1024

/** Connects, talks, closes, whatever happens. Rejects when the signal aborts. */
export async function converse<T>(
  target: Target,
  { tls: encrypted, signal }: { tls: boolean; signal: AbortSignal },
  talk: (conversation: Conversation) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const socket = encrypted ? connectTls(target) : net.connect(target)
  const stop = () => socket.destroy(signal.reason as Error)
  signal.addEventListener('abort', stop, { once: true })
  try {
    await once(socket, encrypted ? 'secureConnect' : 'connect')
    return await talk(conversation(socket, target))
  } finally {
    signal.removeEventListener('abort', stop)
    socket.on('error', () => {})
    socket.destroy()
  }
}

const connectTls = ({ host, port }: Target): tls.TLSSocket => tls.connect({ host, port, ...serverName(host) })

const serverName = (host: string) => (net.isIP(host) === 0 ? { servername: host } : {})

function conversation(plain: net.Socket, { host }: Target): Conversation {
  let socket = plain
  let received = Buffer.alloc(0)
  return {
    send: (data) => void socket.write(data),
    async receive(complete) {
      for (;;) {
        const found = complete(received)
        if (found) {
          received = received.subarray(found.length)
          return found.value
        }
        if (received.length > receiveLimit)
          throw new Unreachable('it answers with something else', 'Check that the port is the right one.')
        received = Buffer.concat([received, await nextPiece(socket)])
      }
    },
    async encrypt() {
      const encrypted = tls.connect({ socket: plain, ...serverName(host) })
      await once(encrypted, 'secureConnect')
      socket = encrypted
    },
  }
}

/** Not by iterating: what iterates a socket does not let go of it, and it may have to be encrypted. */
async function nextPiece(socket: net.Socket): Promise<Buffer> {
  for (;;) {
    const piece = socket.read() as Buffer | null
    if (piece !== null) return piece
    if (socket.destroyed || socket.readableEnded)
      throw socket.errored ?? Object.assign(new Error('closed'), { code: 'ECONNRESET' })
    await change(socket)
  }
}

const events = ['readable', 'end', 'close', 'error'] as const

const change = (socket: net.Socket): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      for (const event of events) socket.off(event, done)
      resolve()
    }
    for (const event of events) socket.on(event, done)
  })
