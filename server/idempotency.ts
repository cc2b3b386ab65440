import { createHash, randomUUID } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import type { Secrets } from '../ports/secrets.ts'
import type { AppDeps, AppEnv } from './deps.ts'
import { Refusal } from './refusal.ts'
import { invalid } from './validation.ts'

/** Headers that belong to an answer and are given again with it. */
const keptHeaders = ['content-type', 'location']

/**
 * `Idempotency-Key` on a POST: the same key and body get the same answer, once there is one.
 * An answer of 4xx or 5xx had no effect and is not kept. Should one of 5xx have had one all the same, the next request
 * with the key still means the same deployment: the lane knows it by `enqueueId`, which is derived from key and body.
 */
export const idempotency = ({
  store,
  secrets,
  log,
}: Pick<AppDeps, 'store' | 'secrets' | 'log'>): MiddlewareHandler<AppEnv> => {
  // Requests that are done, but whose claims could not be given back: the database was away.
  const unsettled = new Set<string>()
  return async (c, next) => {
    const key = c.req.header('idempotency-key')
    c.set('enqueueId', randomUUID())
    if (c.req.method !== 'POST' || key === undefined) return next()
    refuseBadKey(key)
    const scope = scopeOf(c)
    const bodyHash = await hashOfBody(c)
    const name = `${scope} ${key}`
    if (unsettled.delete(name)) await store.idempotency.release(key, scope)
    const claim = await store.idempotency.claim(key, scope, bodyHash)
    if (claim.state === 'same') return replay(opened(secrets, name, claim.answer))
    if (claim.state === 'running') throw stillRunning()
    if (claim.state === 'mismatch') throw otherBody()
    c.set('enqueueId', hash(scope, key, bodyHash))
    await next()
    try {
      if (c.res.status < 300)
        await store.idempotency.answer(key, scope, sealed(secrets, name, await answerOf(c)))
      else await store.idempotency.release(key, scope)
    } catch (error) {
      // The request itself is done; should nobody ask again, its claim expires by itself.
      unsettled.add(name)
      log.warn({ err: error, requestId: c.get('requestId') }, 'an idempotency key could not be settled')
    }
  }
}

/** What one caller did is no answer to another. */
function scopeOf(c: Context<AppEnv>): string {
  const { id } = c.get('caller')
  return id === 'admin' ? `POST ${c.req.path}` : `POST ${c.req.path} ${id}`
}

interface Answer {
  status: number
  headers: Record<string, string>
  body: string
}

/** An answer may hold what is shown once, such as a new token: the store never has it in the clear. */
const sealed = (secrets: Pick<Secrets, 'seal'>, name: string, answer: Answer): Answer => ({
  ...answer,
  body: answer.body && secrets.seal(answer.body, name),
})

/** One that an earlier version has kept is not sealed. */
const opened = (secrets: Pick<Secrets, 'open'>, name: string, answer: Answer): Answer => ({
  ...answer,
  body: answer.body.startsWith('v1:') ? secrets.open(answer.body, name) : answer.body,
})

const hash = (...parts: string[]) => createHash('sha256').update(parts.join('\0')).digest('hex')

async function hashOfBody(c: Context<AppEnv>): Promise<string> {
  const body = Buffer.from(await c.req.arrayBuffer())
  return createHash('sha256').update(new URL(c.req.url).search).update('\0').update(body).digest('hex')
}

async function answerOf(c: Context<AppEnv>): Promise<Answer> {
  const headers = Object.fromEntries([...c.res.headers].filter(([name]) => keptHeaders.includes(name)))
  return { status: c.res.status, headers, body: await c.res.clone().text() }
}

function replay(answer: Answer): Response {
  const body = answer.body === '' ? null : answer.body
  return new Response(body, {
    status: answer.status,
    headers: { ...answer.headers, 'Idempotency-Replayed': 'true' },
  })
}

function refuseBadKey(key: string): void {
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return
  throw invalid([
    { pointer: '/headers/idempotency-key', message: 'must be 1 to 255 visible ASCII characters' },
  ])
}

const stillRunning = () =>
  new Refusal(
    409,
    'IdempotencyRunning',
    'A request with this Idempotency-Key is still running. Send it again in a moment.',
    {
      headers: { 'Retry-After': '1' },
    },
  )

const otherBody = () =>
  new Refusal(
    422,
    'IdempotencyMismatch',
    'This Idempotency-Key was used with another body. Use a new key for a new request.',
  )
