import { createHmac, randomUUID } from 'node:crypto'
import type { Delivery, NewWebhook } from '../../contract/webhook.ts'
import type { Answer, Api } from './api.ts'

/** What each forge sends when a branch or tag was pushed, by the fields that it documents. */
export interface PushOptions {
  ref?: string
  before?: string
  after?: string
  message?: string
}

export const sha = (number: number) => number.toString(16).padStart(40, '0')
export const zeros = '0'.repeat(40)

export const githubPush = (options: PushOptions = {}) => {
  const { ref = 'refs/heads/main', before = sha(1), after = sha(2), message = 'a change' } = options
  const deleted = after === zeros
  const head = { id: after, message, timestamp: '2026-01-31T12:00:00Z', author: { name: 'Ada' } }
  return {
    ref,
    before,
    after,
    created: before === zeros,
    deleted,
    forced: false,
    repository: { id: 1, full_name: 'acme/shop', default_branch: 'main' },
    pusher: { name: 'ada', email: 'ada@example.com' },
    commits: deleted ? [] : [head],
    head_commit: deleted ? null : head,
  }
}

export const gitlabPush = (options: PushOptions = {}) => {
  const { ref = 'refs/heads/main', before = sha(1), after = sha(2), message = 'a change' } = options
  return {
    object_kind: ref.startsWith('refs/tags/') ? 'tag_push' : 'push',
    event_name: 'push',
    before,
    after,
    ref,
    checkout_sha: after === zeros ? null : after,
    user_username: 'ada',
    project: { id: 1, path_with_namespace: 'acme/shop', default_branch: 'main' },
    commits: after === zeros ? [] : [{ id: after, message, title: message, author: { name: 'Ada' } }],
    total_commits_count: 1,
  }
}

export const giteaPush = (options: PushOptions = {}) => {
  const { ref = 'refs/heads/main', before = sha(1), after = sha(2), message = 'a change' } = options
  const commit = { id: after, message, url: '', author: { name: 'Ada', email: '', username: 'ada' } }
  return {
    ref,
    before,
    after,
    compare_url: '',
    commits: [commit],
    head_commit: commit,
    repository: { id: 1, full_name: 'acme/shop', default_branch: 'main' },
    pusher: { id: 1, login: 'ada' },
  }
}

export const bitbucketPush = (options: PushOptions = {}) => {
  const { ref = 'refs/heads/main', before = sha(1), after = sha(2), message = 'a change' } = options
  const [, kind, ...rest] = ref.split('/')
  const state = (hash: string) => ({
    type: kind === 'tags' ? 'tag' : 'branch',
    name: rest.join('/'),
    target: { type: 'commit', hash, message },
  })
  return {
    actor: { type: 'user', nickname: 'ada' },
    repository: { type: 'repository', full_name: 'acme/shop' },
    push: {
      changes: [
        {
          old: before === zeros ? null : state(before),
          new: after === zeros ? null : state(after),
          created: before === zeros,
          closed: after === zeros,
          forced: false,
        },
      ],
    },
  }
}

export const hmac = (secret: string | Buffer, text: string, encoding: 'hex' | 'base64' = 'hex') =>
  createHmac('sha256', secret).update(text).digest(encoding)

/** The headers with which a forge would send this text. */
export const signed = {
  github: (secret: string, text: string, event = 'push', id: string = randomUUID()) => ({
    'x-github-event': event,
    'x-github-delivery': id,
    'x-hub-signature-256': `sha256=${hmac(secret, text)}`,
  }),
  gitlab: (secret: string, _text: string, event = 'Push Hook', id: string = randomUUID()) => ({
    'x-gitlab-event': event,
    'x-gitlab-event-uuid': id,
    'x-gitlab-token': secret,
  }),
  gitea: (secret: string, text: string, event = 'push', id: string = randomUUID()) => ({
    'x-gitea-event': event,
    'x-gitea-delivery': id,
    'x-gitea-signature': hmac(secret, text),
  }),
  forgejo: (secret: string, text: string, event = 'push', id: string = randomUUID()) => ({
    'x-forgejo-event': event,
    'x-forgejo-delivery': id,
    'x-forgejo-signature': hmac(secret, text),
  }),
  bitbucket: (secret: string, text: string, event = 'repo:push', id: string = randomUUID()) => ({
    'x-event-key': event,
    'x-request-uuid': id,
    'x-hub-signature': `sha256=${hmac(secret, text)}`,
  }),
}

/** GitLab's signing token: Standard Webhooks. */
export function signedStandard(secret: string, text: string, at: number, id: string = randomUUID()) {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  return {
    'x-gitlab-event': 'Push Hook',
    'webhook-id': id,
    'webhook-timestamp': String(at),
    'webhook-signature': `v1,${hmac(key, `${id}.${at}.${text}`, 'base64')}`,
  }
}

/** Makes the webhook of a service and answers its secret. */
export async function makeSecret(api: Api, serviceId: string): Promise<string> {
  const made = await api.call<NewWebhook>('PUT', `/v1/services/${serviceId}/webhook`, {})
  return made.body.secret
}

/** Sends what a forge would: without a token. */
export async function deliver(
  api: Pick<Api, 'raw'>,
  to: string,
  text: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string>,
): Promise<Pick<Answer<Delivery>, 'status' | 'body'>> {
  const answer = await api.raw(`/v1/webhooks/${to}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: text,
  })
  return { status: answer.status, body: (await answer.json()) as Delivery }
}
