/** Three bytes of length, one that counts up, the payload. */
export function packet(sequence: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(4)
  header.writeUIntLE(payload.length, 0, 3)
  header[3] = sequence
  return Buffer.concat([header, payload])
}

/** Reads one; an empty payload when what came is no packet, or not the next one. */
export const packetAt =
  (sequence: number) =>
  (received: Buffer): { value: Buffer; length: number } | undefined => {
    if (received.length < 4) return undefined
    const length = 4 + received.readUIntLE(0, 3)
    if (received[3] !== sequence || length === 4) return { value: Buffer.alloc(0), length: received.length }
    return received.length < length ? undefined : { value: received.subarray(4, length), length }
  }

/** What a server says first. */
export interface Greeting {
  capabilities: number
  /** 20 random bytes. */
  nonce: Buffer
  plugin: string
}

/** Undefined when it is no greeting of the protocol that is spoken since MySQL 4.1. */
export function parseGreeting(payload: Buffer): Greeting | undefined {
  const version = payload.indexOf(0, 1)
  if (payload[0] !== 10 || version < 0 || payload.length < version + 44) return undefined
  const first = payload.subarray(version + 5, version + 13)
  const rest = payload.subarray(version + 32, version + 44)
  const end = payload.indexOf(0, version + 45)
  return {
    capabilities: payload.readUInt16LE(version + 14) + payload.readUInt16LE(version + 19) * 0x1_0000,
    nonce: Buffer.concat([first, rest]),
    plugin: payload.toString('latin1', version + 45, end < 0 ? payload.length : end),
  }
}

export const can = { database: 0x8, encrypt: 0x800, plugins: 0x8_0000 } as const
/** Long passwords, protocol 4.1, transactions, 20 bytes of nonce, plugins. */
const always = 0x1 | 0x200 | 0x2000 | 0x8000 | can.plugins

interface LoginWish {
  user: string
  database: string
  plugin: string
  proof: Buffer
  encrypted: boolean
}

export function loginPacket({ user, database, plugin, proof, encrypted }: LoginWish): Buffer {
  return Buffer.concat([
    loginHead(database !== '', encrypted),
    Buffer.from(`${user}\0`),
    Buffer.of(proof.length),
    proof,
    Buffer.from(database === '' ? '' : `${database}\0`),
    Buffer.from(`${plugin}\0`),
  ])
}

/** The head of a login; alone it asks for TLS. Flags, the largest packet, the character set utf8mb4, 23 unused bytes. */
export function loginHead(withDatabase: boolean, encrypted: boolean): Buffer {
  const head = Buffer.alloc(32)
  head.writeUInt32LE(always | (withDatabase ? can.database : 0) | (encrypted ? can.encrypt : 0), 0)
  head.writeUInt32LE(0x100_0000, 4)
  head[8] = 45
  return head
}
