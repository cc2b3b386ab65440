import type { Context, MiddlewareHandler } from 'hono'
import type { AppEnv } from './deps.ts'
import { Refusal } from './refusal.ts'
import { invalid, pointerOf } from './validation.ts'

/** Bytes of a request body. */
export const bodyLimit = 1024 * 1024

/** Reads the whole body before any handler does, so that size, encoding and JSON are judged in one place. */
export const requestBody: MiddlewareHandler<AppEnv> = async (c, next) => {
  if (c.req.method === 'GET' || c.req.method === 'HEAD' || c.get('upload')) return next()
  refuseEncoded(c)
  if (Number(c.req.header('content-length') ?? 0) > bodyLimit) throw tooLarge()
  const bytes = await readUpTo(c.req.raw.body, bodyLimit)
  if (isJson(c)) judgeJson(bytes)
  // With the type given but no body at all, the fields that are missing say more than "malformed".
  const content = bytes.length === 0 && isJson(c) ? Buffer.from('{}') : bytes
  // Typed as the value, kept as a promise of it; every later way to read the body starts from here.
  Object.assign(c.req.bodyCache, { arrayBuffer: Promise.resolve(new Uint8Array(content).buffer) })
  await next()
}

export function refuseEncoded(c: Context): void {
  const encoding = c.req.header('content-encoding')
  if (!encoding || encoding === 'identity') return
  throw new Refusal(
    415,
    'UnsupportedEncoding',
    'Send the body without Content-Encoding: compressed bodies are not read.',
    {
      headers: { 'Accept-Encoding': 'identity' },
    },
  )
}

/** Chunked bodies name no length: they are counted as they come. */
export async function readUpTo(body: ReadableStream<Uint8Array> | null, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  if (body) {
    for await (const chunk of body) {
      size += chunk.length
      if (size > limit) throw tooLarge(limit)
      chunks.push(chunk)
    }
  }
  return Buffer.concat(chunks)
}

export const isJson = (c: Context) =>
  /^application\/([\w.-]+\+)?json\b/i.test(c.req.header('content-type') ?? '')

function judgeJson(bytes: Buffer): void {
  if (bytes.length === 0) return
  const poisoned = pointerOfProto(parse(bytes))
  // zod drops such a key without a word, and a name that is silently not set is worse than an error.
  if (poisoned !== undefined) throw invalid([{ pointer: poisoned, message: 'is not an allowed name' }])
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    const why = error instanceof SyntaxError ? 'not JSON' : 'not UTF-8'
    throw new Refusal(
      400,
      'MalformedJson',
      `The body is ${why}. Check it with a JSON tool and send it again.`,
    )
  }
}

/** A loop and not recursion: a body may be nested 500,000 deep. */
function pointerOfProto(root: unknown): string | undefined {
  const open: { value: unknown; path: string[] }[] = [{ value: root, path: [] }]
  for (let one = open.pop(); one; one = open.pop()) {
    const { value, path } = one
    if (typeof value !== 'object' || value === null) continue
    if (Object.hasOwn(value, '__proto__')) return pointerOf([...path, '__proto__'])
    // Nothing that the API takes is nested deeper; validation refuses the rest by its shape.
    if (path.length > 20) continue
    for (const [key, inner] of Object.entries(value)) open.push({ value: inner, path: [...path, key] })
  }
  return undefined
}

const tooLarge = (limit = bodyLimit) =>
  new Refusal(413, 'BodyTooLarge', `The body is larger than ${limit / 1024} KiB. Send less at once.`, {
    headers: { Connection: 'close' },
  })
