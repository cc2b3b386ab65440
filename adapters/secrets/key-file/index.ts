import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Secrets } from '../../../ports/secrets.ts'
import { createMask } from '../mask.ts'
import { openKeyRing, parseKeyRing } from './key-ring.ts'

const nonceBytes = 12
const tagBytes = 16

/**
 * Seals with the current key of the file, opens with any in it. Makes the file with a first key when there is none.
 * Sealed text: `v1:<key id>:<base64 of nonce, cipher text, tag>`.
 */
export async function keyFileSecrets(file: string): Promise<Secrets> {
  let ring = await openKeyRing(file)

  const keyOf = (id: string): Buffer => {
    // Another process may have got a newer key since.
    if (!ring.keys.has(id)) ring = parseKeyRing(file, readFileSync(file, 'utf8'))
    const key = ring.keys.get(id)
    if (!key)
      throw new Error(
        `The key ${id} that a value was sealed with is not in ${file}: restore that file, or set the value anew`,
      )
    return key
  }

  return {
    seal(plain, context) {
      const id = ring.current
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', keyOf(id), nonce, { authTagLength: tagBytes })
      cipher.setAAD(Buffer.from(context))
      const sealed = Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return `v1:${id}:${sealed.toString('base64')}`
    },

    open(sealed, context) {
      const match = /^v1:([A-Za-z0-9-]+):([A-Za-z0-9+/]+=*)$/.exec(sealed)
      const bytes = Buffer.from(match?.[2] ?? '', 'base64')
      if (!match || bytes.length < nonceBytes + tagBytes) throw new Error(`${context}: not a sealed value`)
      const key = keyOf(match[1]!)
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      })
      decipher.setAAD(Buffer.from(context))
      decipher.setAuthTag(bytes.subarray(-tagBytes))
      try {
        return Buffer.concat([
          decipher.update(bytes.subarray(nonceBytes, -tagBytes)),
          decipher.final(),
        ]).toString()
      } catch {
        throw new Error(`${context}: the sealed value was changed, or sealed for something else`)
      }
    },

    mask: createMask,
  }
}
