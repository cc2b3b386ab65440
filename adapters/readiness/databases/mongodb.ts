import type { Address, Target } from './address.ts'
import { converse } from './socket.ts'
import { isCertificateError } from './unreachable.ts'

/** OP_MSG, the one message of the wire protocol since MongoDB 3.6. */
const opMsg = 2013
const requestId = 1

/** Says `hello`, which servers answer without a login, and takes any answer in MongoDB's own protocol. */
export async function helloMongodb({ tls }: Address, target: Target, signal: AbortSignal): Promise<void> {
  try {
    const answered = await converse(target, { tls, signal }, (server) => {
      server.send(hello)
      return server.receive(isAnswer)
    })
    if (!answered) throw Object.assign(new Error('closed'), { code: 'ECONNRESET' })
  } catch (error) {
    // It speaks TLS, so it answers.
    if (!isCertificateError(error)) throw error
  }
}

/** `{hello: 1, $db: "admin"}` in BSON, in a message of one section. */
const hello = message(bson(Buffer.from('\x10hello\0\x01\0\0\0', 'latin1'), text('$db', 'admin')))

function message(document: Buffer): Buffer {
  const header = Buffer.alloc(21)
  header.writeInt32LE(header.length + document.length, 0)
  header.writeInt32LE(requestId, 4)
  header.writeInt32LE(opMsg, 12)
  return Buffer.concat([header, document])
}

function bson(...elements: Buffer[]): Buffer {
  const length = Buffer.alloc(4)
  const whole = Buffer.concat([length, ...elements, Buffer.of(0)])
  whole.writeInt32LE(whole.length, 0)
  return whole
}

function text(name: string, value: string): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32LE(value.length + 1, 0)
  return Buffer.concat([Buffer.from(`\x02${name}\0`, 'latin1'), length, Buffer.from(`${value}\0`)])
}

/** Whole messages only: its length, an id, the id that it answers, its kind. */
function isAnswer(received: Buffer): { value: boolean; length: number } | undefined {
  if (received.length < 16) return undefined
  const length = received.readInt32LE(0)
  const isOne = length >= 26 && received.readInt32LE(8) === requestId && received.readInt32LE(12) === opMsg
  if (!isOne) return { value: false, length: received.length }
  return received.length < length ? undefined : { value: true, length }
}
