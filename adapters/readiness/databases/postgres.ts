import net from 'node:net'
import pg from 'pg'
import type { Address, Target } from './address.ts'
import { converse } from './socket.ts'
import { isCertificateError, placeOf, shortened, Unreachable } from './unreachable.ts'

/** Logs in and selects 1. Without a user name only the port is tried: drivers would take the name of their process. */
export async function selectOne(address: Address, target: Target, signal: AbortSignal): Promise<void> {
  if (address.user === '') {
    if (!target.host.startsWith('/')) await converse(target, { tls: false, signal }, () => Promise.resolve())
    return
  }
  try {
    await logIn(address, target, signal, address.tls)
  } catch (error) {
    // It speaks TLS, so it answers. The password is not sent to a server that cannot be identified.
    if (isCertificateError(error)) return
    throw explain(error, address, target)
  }
}

async function logIn(address: Address, target: Target, signal: AbortSignal, tls: boolean): Promise<void> {
  signal.throwIfAborted()
  const socket = new net.Socket()
  const client = new pg.Client({
    ...target,
    stream: () => socket,
    user: address.user,
    // As a function: an empty one would be replaced by that of this process's own environment.
    password: () => address.password,
    database: address.database || address.user,
    ssl: tls,
    application_name: 'sluice preflight',
  })
  client.on('error', () => {})
  const stop = () => socket.destroy(signal.reason as Error)
  signal.addEventListener('abort', stop, { once: true })
  try {
    await client.connect()
    await client.query('select 1')
  } catch (error) {
    // Drivers that are not told otherwise try TLS when the server insists on it.
    if (tls || !isTlsDemanded(error)) throw error
    await logIn(address, target, signal, true).catch((second: unknown) => {
      throw hasNoTls(second) ? error : second
    })
  } finally {
    signal.removeEventListener('abort', stop)
    void client.end().catch(() => {})
    socket.destroySoon()
  }
}

const hasNoTls = (error: unknown): boolean =>
  error instanceof Error && error.message.includes('does not support SSL')

const isTlsDemanded = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code === '28000' && /no encryption|SSL off/.test(error.message)

function explain(error: unknown, { user, database, password }: Address, target: Target): unknown {
  if (error instanceof Error && error.message.includes('client password must be')) {
    return new Unreachable(`PostgreSQL on ${placeOf(target)} asks for a password`, 'Put it into the url.')
  }
  if (hasNoTls(error)) {
    return new Unreachable(
      `PostgreSQL on ${placeOf(target)} has no TLS`,
      'Remove sslmode from the url, or turn TLS on in the server.',
    )
  }
  if (
    error instanceof Error &&
    /Connection terminated|unexpected (message|response)|Received unexpected/i.test(error.message)
  ) {
    return Object.assign(new Error('closed'), { code: 'ECONNRESET' })
  }
  if (!(error instanceof pg.DatabaseError)) return error
  switch (error.code) {
    case '28P01':
      return new Unreachable(
        `PostgreSQL refuses the password of ${user}`,
        'Correct the user and the password in the url.',
      )
    case '3D000':
      return new Unreachable(
        `PostgreSQL has no database ${database || user}`,
        'Create it, or correct the name in the url.',
      )
    default: {
      const words = password === '' ? error.message : error.message.replaceAll(password, '***')
      return new Unreachable(
        `PostgreSQL on ${placeOf(target)} refuses: ${shortened(words)}`,
        'Check the PostgreSQL server.',
      )
    }
  }
}
