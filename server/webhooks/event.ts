import { createHash } from 'node:crypto'
import { z } from '@hono/zod-openapi'
import type { WebhookProvider } from '../../contract/webhook.ts'
import { pullRequestDialects, type PullRequest } from './pull-request.ts'
import type { SignedRequest } from './signature.ts'

/** What a branch or a tag points to now, as a forge tells it. */
export interface Push {
  kind: 'branch' | 'tag'
  name: string
  /** null: it was deleted. */
  commitSha: string | null
  message: string
}

export interface WebhookEvent {
  deliveryId: string
  name: string
  /** The forge only wants to know whether anybody is there. */
  isPing: boolean
  /** Empty when the event is about something else. */
  pushes: Push[]
  /** null when the event is about something else. */
  pullRequest: PullRequest | null
  /** Why a pull request that the event is about cannot be read; null: it can, or there is none. */
  unread: string | null
}

/** The body is not what the forge documents. */
export class UnreadableEvent extends Error {
  override name = 'UnreadableEvent'
}

/** What the forges call their events, deliveries and pushes. */
interface Dialect {
  eventHeaders: string[]
  deliveryHeaders: string[]
  ping: string | undefined
  /** Of the events that tell of a push. */
  pushEvent: RegExp
  pushesOf(body: unknown): Push[]
}

const sha = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/)
const nameLimit = z.string().min(1).max(1000)
const commit = z.object({ id: z.string().optional(), message: z.string().optional() })

/** GitHub, GitLab, Gitea and Forgejo tell of one ref per event. */
const refEvent = z.object({
  ref: nameLimit,
  after: sha,
  head_commit: commit.nullish(),
  commits: z.array(commit).nullish(),
})

const oneRef = (body: unknown): Push[] => {
  const { ref, after, head_commit: head, commits } = refEvent.parse(body)
  const match = /^refs\/(heads|tags)\/(.+)$/s.exec(ref)
  if (!match) return []
  const message = head?.message ?? commits?.find(({ id }) => id === after)?.message ?? ''
  return [
    {
      kind: match[1] === 'tags' ? 'tag' : 'branch',
      name: match[2]!,
      commitSha: /^0+$/.test(after) ? null : after,
      message,
    },
  ]
}

const refState = z.object({
  type: z.string(),
  name: nameLimit,
  target: z.object({ hash: sha, message: z.string().optional() }).nullish(),
})
const changesEvent = z.object({
  push: z.object({
    changes: z.array(z.object({ old: refState.nullish(), new: refState.nullish() })).max(1000),
  }),
})

const severalRefs = (body: unknown): Push[] =>
  changesEvent.parse(body).push.changes.flatMap(({ old, new: now }) => {
    const state = now ?? old
    if (!state) return []
    const kind = state.type === 'tag' ? ('tag' as const) : ('branch' as const)
    const { name } = state
    return [{ kind, name, commitSha: now?.target?.hash ?? null, message: now?.target?.message ?? '' }]
  })

const gitea: Dialect = {
  eventHeaders: ['x-forgejo-event', 'x-gitea-event'],
  deliveryHeaders: ['x-forgejo-delivery', 'x-gitea-delivery'],
  ping: undefined,
  pushEvent: /^push$/,
  pushesOf: oneRef,
}

const dialects: Record<WebhookProvider, Dialect> = {
  github: {
    eventHeaders: ['x-github-event'],
    deliveryHeaders: ['x-github-delivery'],
    ping: 'ping',
    pushEvent: /^push$/,
    pushesOf: oneRef,
  },
  gitlab: {
    eventHeaders: ['x-gitlab-event'],
    // The first two are the same in each of its own attempts to deliver.
    deliveryHeaders: ['webhook-id', 'idempotency-key', 'x-gitlab-event-uuid'],
    ping: undefined,
    pushEvent: /^(Push|Tag Push) Hook$/,
    pushesOf: oneRef,
  },
  gitea,
  forgejo: gitea,
  bitbucket: {
    eventHeaders: ['x-event-key'],
    deliveryHeaders: ['x-request-uuid'],
    ping: 'diagnostics:ping',
    pushEvent: /^repo:push$/,
    pushesOf: severalRefs,
  },
}

/** Of a request whose signature is right. @throws UnreadableEvent */
export function readEvent(provider: WebhookProvider, request: SignedRequest): WebhookEvent {
  const { eventHeaders, deliveryHeaders, ping, pushEvent, pushesOf } = dialects[provider]
  const name = firstOf(request, eventHeaders)
  if (name === undefined) throw new UnreadableEvent(`The header ${eventHeaders.at(-1)} is missing.`)
  const event = {
    // A forge that gives no id sends other bytes for another event.
    deliveryId: firstOf(request, deliveryHeaders) ?? hashOf(name, request.bytes),
    name,
    isPing: name === ping,
  }
  const pushes = pushEvent.test(name) ? readBody('push', request, pushesOf) : []
  return { ...event, pushes, ...pullRequestIn(provider, name, request) }
}

/** No error of the forge's: until there were previews nobody minded what it sends here. */
function pullRequestIn(
  provider: WebhookProvider,
  name: string,
  request: SignedRequest,
): Pick<WebhookEvent, 'pullRequest' | 'unread'> {
  const dialect = pullRequestDialects[provider]
  if (!dialect.event.test(name)) return { pullRequest: null, unread: null }
  try {
    const pullRequest = readBody('pull request', request, (body) => dialect.read(body, name))
    return { pullRequest, unread: null }
  } catch (error) {
    if (!(error instanceof UnreadableEvent)) throw error
    return { pullRequest: null, unread: error.message }
  }
}

function readBody<T>(what: string, request: SignedRequest, read: (body: unknown) => T): T {
  try {
    return read(bodyOf(request))
  } catch (error) {
    if (error instanceof z.ZodError) {
      const [first] = error.issues
      throw new UnreadableEvent(`The ${what} cannot be read: ${first?.path.join('.')}: ${first?.message}.`)
    }
    throw new UnreadableEvent('The body is not JSON.')
  }
}

/** GitHub can also send the JSON as the field `payload` of a form. */
function bodyOf({ header, bytes }: SignedRequest): unknown {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  const isForm = /^application\/x-www-form-urlencoded\b/i.test(header('content-type') ?? '')
  return JSON.parse(isForm ? (new URLSearchParams(text).get('payload') ?? '') : text)
}

function firstOf({ header }: SignedRequest, names: string[]): string | undefined {
  for (const name of names) {
    const value = header(name)
    if (value) return value.slice(0, 200)
  }
  return undefined
}

const hashOf = (name: string, bytes: Uint8Array) =>
  createHash('sha256').update(name).update('\0').update(bytes).digest('hex')
