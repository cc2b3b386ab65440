import type { Address, Target } from './address.ts'
import { converse } from './socket.ts'
import { shortened, Unreachable } from './unreachable.ts'

/**
 * Reads the greeting that a MySQL or MariaDB server sends first. It does not log in, which takes a
 * method per server version; a server that refuses this machine or has no connection left says so here already.
 */
export async function greetMysql({ product }: Address, target: Target, signal: AbortSignal): Promise<void> {
  const packet = await converse(target, { tls: false, signal }, (server) => server.receive(wholePacket))
  if (packet[0] === 10) return
  if (packet[0] === 0xff) throw refusal(packet, product)
  throw Object.assign(new Error('closed'), { code: 'ECONNRESET' })
}

/** Three bytes of length, one of sequence, the payload. */
function wholePacket(received: Buffer): { value: Buffer; length: number } | undefined {
  if (received.length < 4) return undefined
  const length = 4 + received.readUIntLE(0, 3)
  if (received[3] !== 0 || length === 4) return { value: Buffer.of(0), length: received.length }
  return received.length < length ? undefined : { value: received.subarray(4, length), length }
}

/** 0xff, a number, sometimes `#` and five characters of SQL state, the message. */
function refusal(packet: Buffer, product: string): Unreachable {
  const text = packet
    .subarray(3)
    .toString('utf8')
    .replace(/^#.{5}/, '')
  return new Unreachable(
    `${product} refuses: ${shortened(text)}`,
    'Allow this machine to connect, or free connections.',
  )
}
