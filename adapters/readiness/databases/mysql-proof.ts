import { constants, createHash, publicEncrypt } from 'node:crypto'

/** Plugins whose answer to a nonce can be made here. */
export type Plugin = 'mysql_native_password' | 'caching_sha2_password'

export const isPlugin = (name: string): name is Plugin =>
  name === 'mysql_native_password' || name === 'caching_sha2_password'

/** Shows that the password is known, without saying it. */
export function proofOf(plugin: Plugin, password: string, nonce: Buffer): Buffer {
  if (password === '') return Buffer.alloc(0)
  if (plugin === 'mysql_native_password') {
    const once = hash('sha1', Buffer.from(password))
    return xor(once, hash('sha1', nonce, hash('sha1', once)))
  }
  const once = hash('sha256', Buffer.from(password))
  return xor(once, hash('sha256', hash('sha256', once), nonce))
}

/** The password for a server that does not know it by heart yet, sealed with the server's key. */
export const sealedPassword = (password: string, nonce: Buffer, publicKey: string): Buffer =>
  publicEncrypt(
    { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING },
    xor(Buffer.from(`${password}\0`), nonce),
  )

const hash = (algorithm: string, ...parts: Buffer[]): Buffer => {
  const sum = createHash(algorithm)
  for (const part of parts) sum.update(part)
  return sum.digest()
}

const xor = (text: Buffer, key: Buffer): Buffer =>
  Buffer.from(text.map((byte, at) => byte ^ key[at % key.length]!))
