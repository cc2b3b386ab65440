import { createHmac } from 'node:crypto'
import type { NotificationEvent } from '../contract/notification.ts'
import type { DeploymentStatus } from '../contract/vocabulary.ts'
import type { Message } from '../ports/courier.ts'
import type { DeliveryRow } from '../ports/notification-store.ts'

export interface Letter extends Pick<DeliveryRow, 'id' | 'event' | 'data' | 'createdAt'> {
  url: string
  secret: string
  /** The deployment as it is now. */
  now: { status: DeploymentStatus; commitSha: string | null }
}

/**
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: the id stays the same at
 * each attempt, so that a receiver can tell a repetition; the time is that of the attempt.
 */
export function webhookMessage(letter: Letter, at: Date): Message {
  const { id, event, createdAt, data, url, secret } = letter
  const body = JSON.stringify({ type: event, timestamp: createdAt.toISOString(), data })
  const timestamp = String(Math.floor(at.getTime() / 1000))
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return {
    url,
    body,
    headers: { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` },
  }
}

const words: Record<NotificationEvent, string> = {
  'deployment.started': 'started',
  'deployment.succeeded': 'is live',
  'deployment.failed': 'failed',
  'deployment.canceled': 'was canceled',
  'deployment.rolled_back': 'was rolled back',
}

/** https://docs.slack.dev/messaging/formatting-message-text: three characters mean something. */
export function slackMessage({ id, event, data, url }: Letter): Message {
  const commit = data.commitSha ? ` (${data.ref} @ ${data.commitSha.slice(0, 7)})` : ` (${data.ref})`
  const line = `${data.serviceId} ${data.environment}: deployment #${data.number} ${wordOf(event, data.trigger)}${commit}`
  const failure = data.failure ? `\n${data.failure.code}: ${data.failure.hint}` : ''
  const link = data.serviceUrl && event === 'deployment.succeeded' ? `\n${data.serviceUrl}` : ''
  return {
    url,
    body: JSON.stringify({ text: escaped(line + failure + link) }),
    headers: { 'webhook-id': id },
  }
}

const wordOf = (event: NotificationEvent, trigger: string) =>
  event === 'deployment.rolled_back' && trigger === 'rollback'
    ? 'rolled back to an earlier release'
    : words[event]

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/**
 * The status of the commit is that of its deployment now, whatever this tells of: so one that arrives late puts nothing
 * back. Undefined while the commit is not known.
 */
export function commitStatusMessage(kind: 'github' | 'gitlab', letter: Letter): Message | undefined {
  const { data, now, url, secret } = letter
  const commit = now.commitSha ?? data.commitSha
  if (!commit || !data.repoFullName) return undefined
  const base = url.replace(/\/+$/, '')
  const context = `sluice/${data.serviceId}/${data.environment}`
  const description = `Deployment #${data.number}: ${now.status.toLowerCase()}`
  const target = data.serviceUrl ? { target_url: data.serviceUrl } : {}
  if (kind === 'github') {
    const repository = data.repoFullName.split('/').map(encodeURIComponent).join('/')
    return {
      url: `${base}/repos/${repository}/statuses/${commit}`,
      headers: { authorization: `Bearer ${secret}`, accept: 'application/vnd.github+json' },
      body: JSON.stringify({ state: githubStates[now.status], context, description, ...target }),
    }
  }
  return {
    url: `${base}/projects/${encodeURIComponent(data.repoFullName)}/statuses/${commit}`,
    headers: { 'private-token': secret },
    body: JSON.stringify({ state: gitlabStates[now.status], name: context, description, ...target }),
  }
}

const githubStates: Record<DeploymentStatus, string> = {
  QUEUED: 'pending',
  RUNNING: 'pending',
  WAITING_APPROVAL: 'pending',
  SUCCEEDED: 'success',
  FAILED: 'failure',
  CANCELED: 'error',
  SUPERSEDED: 'error',
}
const gitlabStates: Record<DeploymentStatus, string> = {
  QUEUED: 'pending',
  RUNNING: 'running',
  WAITING_APPROVAL: 'pending',
  SUCCEEDED: 'success',
  FAILED: 'failed',
  CANCELED: 'canceled',
  SUPERSEDED: 'canceled',
}
