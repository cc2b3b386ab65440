import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Finding } from '../contract/deployment.ts'

export interface FieldError {
  /** JSON pointer into the body; `/query/…`, `/path/…` and `/headers/…` for what is not in the body. */
  pointer: string
  message: string
}

interface RefusalMore {
  errors?: FieldError[]
  findings?: Finding[]
  headers?: Record<string, string>
}

/** An answer that is not the one asked for. Thrown anywhere in a handler, shown as problem+json. */
export class Refusal extends Error {
  override name = 'Refusal'
  readonly status: ContentfulStatusCode
  readonly code: string
  readonly more: RefusalMore
  /** @param detail what is wrong and what to do next, in sentences */
  constructor(status: ContentfulStatusCode, code: string, detail: string, more: RefusalMore = {}) {
    super(detail)
    this.status = status
    this.code = code
    this.more = more
  }
}

export const notFound = (
  what:
    | 'Service'
    | 'Environment'
    | 'Deployment'
    | 'Variable'
    | 'Delivery'
    | 'Token'
    | 'Run'
    | 'Schedule'
    | 'Preview'
    | 'Badge',
  which: string,
): Refusal =>
  new Refusal(
    404,
    `${what}NotFound`,
    `There is no ${what.toLowerCase()} ${which}. Check the name, or create it first.`,
  )

export const unavailable = (code: string, detail: string): Refusal =>
  new Refusal(503, code, detail, { headers: { 'Retry-After': '2' } })
