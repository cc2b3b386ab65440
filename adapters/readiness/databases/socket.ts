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
    return await talk(conversation(socket))
  } finally {
    signal.removeEventListener('abort', stop)
    socket.on('error', () => {})
    socket.destroy()
  }
}

const connectTls = ({ host, port }: Target): tls.TLSSocket =>
  tls.connect({ host, port, ...(net.isIP(host) === 0 && { servername: host }) })

function conversation(socket: net.Socket): Conversation {
  const pieces = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>
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
        const piece = await pieces.next()
        if (piece.done) throw Object.assign(new Error('closed'), { code: 'ECONNRESET' })
        received = Buffer.concat([received, piece.value])
      }
    },
  }
}
