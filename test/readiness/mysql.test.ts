import { createHash, constants, generateKeyPairSync, privateDecrypt, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterAll, expect, test } from 'vitest'
import { unreachableDatabases } from '../../adapters/readiness/databases/index.ts'

const servers: Server[] = []
const sockets = new Set<Socket>()
afterAll(() => {
  for (const socket of sockets) socket.destroy()
  for (const server of servers) server.close()
})

const sum = (algorithm: string, ...parts: (Buffer | string)[]) =>
  createHash(algorithm)
    .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
    .digest()
const xor = (one: Buffer, other: Buffer) =>
  Buffer.from(one.map((byte, at) => byte ^ other[at % other.length]!))
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
const publicKey = keys.publicKey.export({ type: 'spki', format: 'pem' }) as string

const ok = Buffer.of(0, 0, 0, 2, 0, 0, 0)
const more = (...bytes: (number | string)[]) =>
  Buffer.concat([
    Buffer.of(1),
    ...bytes.map((one) => (typeof one === 'number' ? Buffer.of(one) : Buffer.from(one))),
  ])
const error = (code: number, text: string) =>
  Buffer.concat([Buffer.of(0xff, code & 0xff, code >> 8), Buffer.from(`#28000${text}`)])

interface Account {
  user: string
  password: string
  database: string
  /** What the server offers first, and what the account really has. */
  offered: string
  plugin: string
}

/**
 * As a server does it: it keeps only sums of the password, so what it lets in proves that the password is known.
 * One that has not seen the password since its start wants all of it, sealed with its key.
 */
async function mysql(account: Account): Promise<number> {
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    void serve(socket, account).catch(() => socket.destroy())
  }).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function serve(socket: Socket, { user, password, database, offered, plugin }: Account): Promise<void> {
  let sequence = 0
  const pieces = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  const send = (payload: Buffer) =>
    void socket.write(
      Buffer.concat([Buffer.of(payload.length & 0xff, payload.length >> 8, 0, sequence++), payload]),
    )
  const receive = async () => {
    const piece = await pieces.next()
    if (piece.done) throw new Error('gone')
    sequence = piece.value[3]! + 1
    return piece.value.subarray(4)
  }
  const nonce = Buffer.from(randomBytes(20).map((byte) => (byte % 127) + 1))
  send(greetingOf(nonce, offered))
  const login = await receive()
  const name = login.toString('utf8', 32, login.indexOf(0, 32))
  const at = 32 + Buffer.byteLength(name) + 1
  let proof = login.subarray(at + 1, at + 1 + login[at]!)
  const wanted = login.toString('utf8', at + 1 + proof.length).split('\0')[0]
  if (offered !== plugin) {
    send(Buffer.concat([Buffer.of(0xfe), Buffer.from(`${plugin}\0`), nonce, Buffer.of(0)]))
    proof = await receive()
  }
  const denied = () => send(error(1045, `Access denied for user '${name}' (using password: YES)`))
  if (name !== user || !knows(plugin, proof, nonce, password)) return denied()
  if (plugin === 'caching_sha2_password') {
    send(more(4))
    expect([...(await receive())]).toEqual([2])
    send(more(publicKey))
    const sealed = { key: keys.privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING }
    if (xor(privateDecrypt(sealed, await receive()), nonce).toString() !== `${password}\0`) return denied()
  }
  send(wanted === database ? ok : error(1049, `Unknown database '${wanted}'`))
}

function knows(plugin: string, proof: Buffer, nonce: Buffer, password: string): boolean {
  const native = plugin === 'mysql_native_password'
  const algorithm = native ? 'sha1' : 'sha256'
  const stored = sum(algorithm, sum(algorithm, password))
  const mask = native ? sum(algorithm, nonce, stored) : sum(algorithm, stored, nonce)
  return sum(algorithm, xor(proof, mask)).equals(stored)
}

function greetingOf(nonce: Buffer, plugin: string): Buffer {
  const capabilities = 0x1 | 0x8 | 0x200 | 0x2000 | 0x8000 | 0x8_0000
  const fixed = Buffer.alloc(18)
  fixed.writeUInt16LE(capabilities & 0xffff, 0)
  fixed[2] = 45
  fixed.writeUInt16LE(capabilities >> 16, 5)
  fixed[7] = 21
  return Buffer.concat([
    ...[Buffer.of(10), Buffer.from('8.4.3\0'), Buffer.of(7, 0, 0, 0), nonce.subarray(0, 8), Buffer.of(0)],
    ...[fixed, nonce.subarray(8), Buffer.of(0), Buffer.from(`${plugin}\0`)],
  ])
}

const messageFor = async (url: string) => (await unreachableDatabases({ DATABASE_URL: url }))[0]?.message

test.each([
  ['mysql_native_password', 'mysql_native_password'],
  ['caching_sha2_password', 'caching_sha2_password'],
  ['caching_sha2_password', 'mysql_native_password'],
  ['mysql_native_password', 'caching_sha2_password'],
])('a server that offers %s lets in an account with %s', async (offered, plugin) => {
  const account = { user: 'shop', password: 'pass@wörd/1', database: 'shop', offered, plugin }
  const port = await mysql(account)
  const url = (password: string, rest = 'shop') =>
    `mysql2://shop:${encodeURIComponent(password)}@127.0.0.1:${port}/${rest}`
  expect(await messageFor(url('pass@wörd/1'))).toBeUndefined()
  expect(await messageFor(url('wrong-pw'))).toMatch(/^DATABASE_URL: MySQL refuses the password of shop\. /)
  expect(await messageFor(url('pass@wörd/1', 'nope'))).toContain('MySQL has no database nope')
  expect(await messageFor(url('pass@wörd/1', 'shop?ssl=true'))).toContain('has no TLS')
  expect(await messageFor(`mysql://127.0.0.1:${port}/shop`)).toBeUndefined()
})

test('a way to log in that is not known here is left to the service', async () => {
  const account = { user: 'shop', password: 'x', database: 'shop', offered: 'caching_sha2_password' }
  const port = await mysql({ ...account, plugin: 'authentication_ldap_sasl_client' })
  expect(await messageFor(`mysql://shop:y@127.0.0.1:${port}/shop`)).toBeUndefined()
})
