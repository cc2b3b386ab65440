import type { Address, Target } from './address.ts'
import { can, loginHead, loginPacket, packet, packetAt, parseGreeting } from './mysql-packets.ts'
import { isPlugin, proofOf, sealedPassword } from './mysql-proof.ts'
import { converse, type Conversation } from './socket.ts'
import { isCertificateError, placeOf, shortened, Unreachable } from './unreachable.ts'

/** Logs in. Without a user name only the greeting is read: drivers would take the name of their process. */
export async function logInToMysql(address: Address, target: Target, signal: AbortSignal): Promise<void> {
  const attempt = (encrypted: boolean) =>
    converse(target, { tls: false, signal }, (server) => talk(server, address, target, encrypted))
  try {
    await attempt(address.tls)
  } catch (error) {
    // It speaks TLS, so it answers. The password is not sent to a server that cannot be identified.
    if (isCertificateError(error)) return
    // Users may be let in with TLS only; drivers that are not told otherwise try it.
    if (!(error instanceof Refused) || address.tls || !error.mayEncrypt) throw error
    await attempt(true).catch((second: unknown) => {
      // Amazon's and others' servers take nobody without TLS, with a certificate of their own.
      if (!error.wantsTls || !isCertificateError(second)) throw error
    })
  }
}

/** The server knows us, or says why not. */
class Refused extends Unreachable {
  readonly mayEncrypt: boolean
  readonly wantsTls: boolean
  constructor(reason: string, remedy: string, mayEncrypt: boolean, wantsTls = false) {
    super(reason, remedy)
    this.mayEncrypt = mayEncrypt
    this.wantsTls = wantsTls
  }
}

const noMysql = () => Object.assign(new Error('closed'), { code: 'ECONNRESET' })

/** What is sent and received, counted as the protocol wants it. */
function packetsOf(server: Conversation) {
  let sequence = 0
  return {
    receive: (): Promise<Buffer> => server.receive(packetAt(sequence++)),
    send: (payload: Buffer): void => server.send(packet(sequence++, payload)),
    encrypt: () => server.encrypt(),
  }
}
type Packets = ReturnType<typeof packetsOf>

async function talk(
  server: Conversation,
  address: Address,
  target: Target,
  encrypted: boolean,
): Promise<void> {
  const packets = packetsOf(server)
  const said = await packets.receive()
  if (said[0] === 0xff) throw refusal(said, address, target, false)
  const greeting = parseGreeting(said)
  if (!greeting) throw noMysql()
  if (address.user === '') return
  const mayEncrypt = (greeting.capabilities & can.encrypt) !== 0
  if (encrypted && !mayEncrypt) throw hasNoTls(address, target)
  const { user, password, database } = address
  if (encrypted) {
    packets.send(loginHead(database !== '', true))
    await packets.encrypt()
  }
  const plugin = isPlugin(greeting.plugin) ? greeting.plugin : 'mysql_native_password'
  const proof = proofOf(plugin, password, greeting.nonce)
  packets.send(loginPacket({ user, database, plugin, proof, encrypted }))
  const refused = await provedWith(packets, password, greeting.nonce, encrypted)
  if (refused) throw refusal(refused, address, target, mayEncrypt)
}

const hasNoTls = ({ product }: Address, target: Target) =>
  new Unreachable(
    `${product} on ${placeOf(target)} has no TLS`,
    'Ask for none in the url, or turn TLS on in the server.',
  )

/** Answers what the server asks until it is content; what it says when it is not. */
async function provedWith(
  packets: Packets,
  password: string,
  first: Buffer,
  encrypted: boolean,
): Promise<Buffer | undefined> {
  for (let nonce = first; ;) {
    const answer = await packets.receive()
    if (answer[0] === kinds.ok) return undefined
    if (answer[0] === kinds.error) return answer
    if (answer[0] === kinds.otherPlugin) {
      const asked = parseSwitch(answer)
      // Another way to log in, such as a ticket: the server answers, and the service's driver may know it.
      if (!isPlugin(asked.plugin)) return undefined
      nonce = asked.nonce
      packets.send(proofOf(asked.plugin, password, nonce))
    } else if (answer[0] === kinds.more) {
      if (answer[1] === asks.nothing) continue
      if (answer[1] !== asks.password)
        packets.send(sealedPassword(password, nonce, answer.toString('latin1', 1)))
      else packets.send(encrypted ? Buffer.from(`${password}\0`) : Buffer.of(asks.key))
    } else throw noMysql()
  }
}

const kinds = { ok: 0x00, more: 0x01, otherPlugin: 0xfe, error: 0xff } as const
/** Of the plugin caching_sha2_password: what a server wants beyond the proof, and what asks for its public key. */
const asks = { key: 2, nothing: 3, password: 4 } as const

/** 0xfe, the plugin's name, NUL, 20 bytes of nonce, NUL. */
function parseSwitch(payload: Buffer): { plugin: string; nonce: Buffer } {
  const end = payload.indexOf(0, 1)
  if (end < 0) return { plugin: payload.toString('latin1', 1), nonce: Buffer.alloc(0) }
  return { plugin: payload.toString('latin1', 1, end), nonce: payload.subarray(end + 1, end + 21) }
}

const accessDenied = 1045
const unknownDatabase = 1049
const insecureTransport = 3159

/** 0xff, a number, sometimes `#` and five characters of SQL state, the message. */
function refusal(payload: Buffer, address: Address, target: Target, mayEncrypt: boolean): Refused {
  const { product, user, password, database } = address
  const code = payload.length > 2 ? payload.readUInt16LE(1) : 0
  switch (code) {
    case accessDenied:
      return new Refused(
        `${product} refuses the password of ${user}`,
        'Correct the user and the password in the url; where the user is let in with TLS only, ask for it there.',
        mayEncrypt,
      )
    case unknownDatabase:
      return new Refused(
        `${product} has no database ${database}`,
        'Create it, or correct the name in the url.',
        false,
      )
    default: {
      const text = payload.toString('utf8', 3).replace(/^#.{5}/, '')
      const words = password === '' ? text : text.replaceAll(password, '***')
      return new Refused(
        `${product} on ${placeOf(target)} refuses: ${shortened(words)}`,
        'Allow this machine to connect, or free connections.',
        mayEncrypt,
        code === insecureTransport,
      )
    }
  }
}
