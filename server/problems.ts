import { STATUS_CODES } from 'node:http'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { Logger } from 'pino'
import type { Problem } from '../contract/problems.ts'
import { RunsUnavailable } from '../ports/run-starter.ts'
import { SchedulesUnavailable } from '../ports/schedules.ts'
import type { AppEnv } from './deps.ts'
import { ArchiveError } from '../ports/archives.ts'
import { SourceError } from '../ports/source.ts'
import { archiveRefusal } from './archive-refusal.ts'
import { LanesUnavailable } from './lanes.ts'
import { Refusal, unavailable } from './refusal.ts'
import { isOrphan, isStoreDown } from './store-errors.ts'

/** Every answer that is not the one asked for, as RFC 9457 problem+json. */
export const problemOnError =
  (log: Logger) =>
  (error: Error, c: Context<AppEnv>): Response => {
    const refusal = refusalFor(error)
    const requestId = c.get('requestId')
    if (refusal.status >= 500) log.error({ err: error, requestId }, 'a request failed')
    return problem(c, refusal)
  }

export function problem(c: Context<AppEnv>, refusal: Refusal): Response {
  const { status, code, message, more } = refusal
  const body: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: message,
    code,
    requestId: c.get('requestId'),
    ...(more.errors ? { errors: more.errors } : {}),
    ...(more.findings ? { findings: more.findings } : {}),
  }
  return c.body(JSON.stringify(body), status, { 'Content-Type': 'application/problem+json', ...more.headers })
}

export function refusalFor(error: Error): Refusal {
  if (error instanceof Refusal) return error
  if (error instanceof ArchiveError) return archiveRefusal(error)
  if (error instanceof SourceError && error.code === 'DiskFull') return unavailable('DiskFull', error.message)
  if ([LanesUnavailable, RunsUnavailable, SchedulesUnavailable].some((kind) => error instanceof kind))
    return unavailable('TemporalUnavailable', error.message)
  if (error instanceof HTTPException && error.status === 415) return wrongMediaType()
  if (error instanceof HTTPException && error.status < 500) {
    return new Refusal(400, 'BadRequest', error.message)
  }
  if (isStoreDown(error)) {
    return unavailable(
      'StoreUnavailable',
      "Sluice's database does not answer. Try again: with the same Idempotency-Key nothing takes effect twice.",
    )
  }
  if (isOrphan(error)) {
    return new Refusal(
      409,
      'RemovedMeanwhile',
      'What this belongs to was removed at the same moment. Look what is left.',
    )
  }
  return new Refusal(
    500,
    'Internal',
    'Sluice itself failed. Look for the requestId in the log of the server, then try again.',
  )
}

const wrongMediaType = () =>
  new Refusal(415, 'UnsupportedMediaType', 'Send the body as JSON, with Content-Type: application/json.')
