import type { Hook } from '@hono/zod-openapi'
import type { z } from '@hono/zod-openapi'
import type { AppEnv } from './deps.ts'
import { Refusal, type FieldError } from './refusal.ts'

type ZodIssue = z.core.$ZodIssue

/** Turns what zod found into one problem with a pointer per field. */
export const refuseInvalid: Hook<unknown, AppEnv, string, unknown> = (result, c) => {
  if (result.success) return
  const { target, error } = result
  const names = error.issues.map(({ path }) => path[0])
  // A name that cannot exist does not exist; only a PUT says that something of that name should.
  if (target === 'param' && (c.req.method !== 'PUT' || names.includes('serviceId'))) {
    throw new Refusal(404, 'NotFound', 'There is nothing of that name. Check the path.')
  }
  throw invalid(error.issues.flatMap((one) => fieldErrors(one, prefixes[target] ?? '')))
}

const prefixes: Partial<Record<string, string>> = { query: '/query', param: '/path', header: '/headers' }

export function invalid(errors: FieldError[]): Refusal {
  const shown = errors.slice(0, 3).map(({ pointer, message }) => `${pointer || 'The body'}: ${message}`)
  const rest = errors.length > shown.length ? ` And ${errors.length - shown.length} more.` : ''
  return new Refusal(422, 'ValidationFailed', `${shown.join('. ')}.${rest} Correct this and send it again.`, {
    errors,
  })
}

function fieldErrors(found: ZodIssue, prefix: string): FieldError[] {
  if (found.code === 'unrecognized_keys') {
    return found.keys.map((key) => ({
      pointer: prefix + pointerOf([...found.path, key]),
      message: 'is not known here',
    }))
  }
  const meant = found.code === 'invalid_union' ? meantOf(found.errors) : undefined
  if (meant) return meant.flatMap((inner) => fieldErrors(inner, prefix + pointerOf(found.path)))
  // The inner message says what a key must look like; the outer one only that it is wrong.
  const message = found.code === 'invalid_key' ? (found.issues[0]?.message ?? found.message) : found.message
  return [{ pointer: prefix + pointerOf(found.path), message }]
}

/** Of several shapes the one whose kind of value was sent: what is wrong inside it says more. */
const meantOf = (choices: ZodIssue[][]): ZodIssue[] | undefined =>
  choices.find((inner) => inner.every(({ path, code }) => path.length > 0 || code !== 'invalid_type'))

/** RFC 6901. */
export const pointerOf = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
