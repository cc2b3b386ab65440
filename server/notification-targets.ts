import { randomBytes } from 'node:crypto'
import { notificationContext } from '../contract/names.ts'
import {
  webhookSecretPattern,
  type NewTarget,
  type NotificationKind,
  type NotificationTarget,
} from '../contract/notification.ts'
import type { TargetRow } from '../ports/notification-store.ts'
import type { AppDeps } from './deps.ts'
import { NotificationUrlError, notificationUrl } from './notification-url.ts'
import type { FieldError } from './refusal.ts'
import { invalid } from './validation.ts'

type Deps = Pick<AppDeps, 'secrets' | 'settings'>
type StoredTarget = Omit<TargetRow, 'serviceId'>

/** Where the public ones answer. */
const standardUrls: Partial<Record<NotificationKind, string>> = {
  github: 'https://api.github.com',
  gitlab: 'https://gitlab.com/api/v4',
}

/**
 * The rows of the targets that are wanted, with the secrets that were made for them. What an earlier target of the
 * same name and kind has, and what is not named, stays; but never does a token follow to another address.
 * @throws Refusal ValidationFailed
 */
export function targetRows(deps: Deps, serviceId: string, wanted: NewTarget[], earlier: TargetRow[]) {
  const errors: FieldError[] = []
  const made = new Map<string, string>()
  const rows = wanted.flatMap((target, at) => {
    if (wanted.findIndex(({ name }) => name === target.name) < at) {
      errors.push({ pointer: `/targets/${at}/name`, message: 'is there twice' })
      return []
    }
    const before = earlier.find(({ name, kind }) => name === target.name && kind === target.kind)
    try {
      return [rowOf(deps, serviceId, target, before, made)]
    } catch (error) {
      if (!(error instanceof TargetError)) throw error
      errors.push({ pointer: `/targets/${at}/${error.field}`, message: error.message })
      return []
    }
  })
  if (errors.length > 0) throw invalid(errors)
  return { rows, made }
}

class TargetError extends Error {
  readonly field: 'url' | 'secret'
  constructor(field: 'url' | 'secret', message: string) {
    super(message)
    this.field = field
  }
}

function rowOf(
  deps: Deps,
  serviceId: string,
  target: NewTarget,
  before: TargetRow | undefined,
  made: Map<string, string>,
): StoredTarget {
  const seal = (text: string, what: 'url' | 'secret') =>
    deps.secrets.seal(text, notificationContext(serviceId, target.name, what))
  const oldUrl =
    before && deps.secrets.open(before.sealedUrl, notificationContext(serviceId, target.name, 'url'))
  const url = urlOf(deps, target, oldUrl)
  const sameOrigin = oldUrl !== undefined && new URL(oldUrl).origin === url.origin
  const { name, kind, events, environments } = target
  const kept = sameOrigin || kind === 'webhook' ? (before?.sealedSecret ?? undefined) : undefined
  const given = secretOf(target, kept !== undefined, made)
  return {
    name,
    kind,
    shownUrl: kind === 'github' || kind === 'gitlab' ? url.href : `${url.origin}/…`,
    sealedUrl: seal(url.href, 'url'),
    sealedSecret: given === undefined ? (kept ?? null) : seal(given, 'secret'),
    events: [...new Set(events)],
    environments: [...new Set(environments)],
  }
}

function urlOf({ settings }: Deps, { url, kind }: NewTarget, oldUrl: string | undefined): URL {
  const text = url ?? oldUrl ?? standardUrls[kind]
  if (text === undefined) throw new TargetError('url', 'is needed')
  try {
    return notificationUrl(text, settings.privateHosts)
  } catch (error) {
    if (error instanceof NotificationUrlError) throw new TargetError('url', error.message)
    throw error
  }
}

/** Undefined: the one that is kept, or none at all. */
function secretOf(
  { name, kind, secret }: NewTarget,
  hasOne: boolean,
  made: Map<string, string>,
): string | undefined {
  if (kind === 'slack') {
    if (secret !== undefined) throw new TargetError('secret', 'is not known to Slack: its url is the secret')
    return undefined
  }
  if (secret !== undefined && kind === 'webhook' && !webhookSecretPattern.test(secret))
    throw new TargetError('secret', 'must be whsec_ and 24 to 64 bytes in base64')
  if (secret !== undefined || hasOne) return secret
  if (kind !== 'webhook')
    throw new TargetError('secret', 'is needed: a token that may set the status of commits')
  const fresh = `whsec_${randomBytes(32).toString('base64')}`
  made.set(name, fresh)
  return fresh
}

export const targetView = (row: TargetRow | StoredTarget, secret?: string): NotificationTarget => ({
  name: row.name,
  kind: row.kind,
  url: row.shownUrl,
  events: row.events,
  environments: row.environments,
  ...(secret === undefined ? {} : { secret }),
})
