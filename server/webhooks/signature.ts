import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { WebhookProvider } from '../../contract/webhook.ts'

export interface SignedRequest {
  /** By name in lower case; undefined when it was not sent. */
  header(name: string): string | undefined
  /** As they came over the wire: a body that was parsed and written again is another one. */
  bytes: Uint8Array
}

/** Seconds by which the clock of a forge may differ (Standard Webhooks: 5 minutes). */
const clockTolerance = 300

/** Whether the forge knows the secret. Takes the same time wherever a signature is wrong. */
export function isSigned(
  provider: WebhookProvider,
  secret: string,
  request: SignedRequest,
  now: Date,
): boolean {
  switch (provider) {
    case 'github':
      return isHex(request.header('x-hub-signature-256'), 'sha256=', secret, request.bytes)
    case 'bitbucket':
      return isHex(request.header('x-hub-signature'), 'sha256=', secret, request.bytes)
    case 'gitea':
    case 'forgejo':
      return isHex(
        request.header('x-forgejo-signature') ?? request.header('x-gitea-signature'),
        '',
        secret,
        request.bytes,
      )
    case 'gitlab':
      return isGitlab(secret, request, now)
  }
}

/** HMAC-SHA256 in hexadecimal. The length is judged first: `timingSafeEqual` throws on unequal ones. */
function isHex(given: string | undefined, prefix: string, secret: string, bytes: Uint8Array): boolean {
  if (!given?.startsWith(prefix)) return false
  const hex = given.slice(prefix.length)
  if (!/^[0-9a-f]{64}$/i.test(hex)) return false
  return timingSafeEqual(Buffer.from(hex, 'hex'), createHmac('sha256', secret).update(bytes).digest())
}

/** The signature of a signing token, or else the plain token of old. A signature that is wrong is not forgiven. */
function isGitlab(secret: string, request: SignedRequest, now: Date): boolean {
  const signatures = request.header('webhook-signature')
  if (signatures !== undefined) return isStandard(signatures, secret, request, now)
  const token = request.header('x-gitlab-token')
  return token !== undefined && timingSafeEqual(digest(token), digest(secret))
}

/** Standard Webhooks: `v1,<base64>` over id, timestamp and body; several of them while a secret is being changed. */
function isStandard(
  signatures: string,
  secret: string,
  { header, bytes }: SignedRequest,
  now: Date,
): boolean {
  const id = header('webhook-id')
  const timestamp = header('webhook-timestamp')
  if (!id || !timestamp || !/^\d{1,12}$/.test(timestamp)) return false
  if (Math.abs(now.getTime() / 1000 - Number(timestamp)) > clockTolerance) return false
  const expected = createHmac('sha256', standardKey(secret))
    .update(`${id}.${timestamp}.`)
    .update(bytes)
    .digest()
  return signatures
    .split(' ')
    .slice(0, 10)
    .filter((one) => one.startsWith('v1,'))
    .some((one) => {
      const given = Buffer.from(one.slice(3), 'base64')
      return given.length === expected.length && timingSafeEqual(given, expected)
    })
}

const standardKey = (secret: string): Buffer =>
  secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret)

/** Of equal length whatever was given. */
const digest = (text: string) => createHash('sha256').update(text).digest()
