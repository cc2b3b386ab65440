import { cancellationSignal } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import { notificationContext } from '../contract/names.ts'
import { isFinal } from '../contract/vocabulary.ts'
import type { NotifyInput } from '../contract/workflows.ts'
import { CourierError, type Courier, type Message } from '../ports/courier.ts'
import type { DeliveryRow, TargetRow } from '../ports/notification-store.ts'
import type { Secrets } from '../ports/secrets.ts'
import type { Store } from '../ports/store.ts'
import { commitStatusMessage, slackMessage, webhookMessage, type Letter } from './notification-message.ts'

interface Deps {
  store: Store
  secrets: Pick<Secrets, 'open'>
  courier: Courier
}

type Attempt = Parameters<Store['notifications']['attempted']>[1]

/** The target does not exist any more, and says so. */
const gone = 410
/** Seconds that a target may ask to be left alone for. */
const longestWait = 3600

/**
 * One attempt to deliver a notification; throws when another one is to follow. An attempt whose end was not recorded is
 * made again: receivers tell by the id.
 */
export const deliverNotification =
  ({ store, secrets, courier }: Deps) =>
  async ({ deliveryId }: NotifyInput): Promise<void> => {
    const delivery = await store.notifications.find(deliveryId)
    if (delivery?.status !== 'PENDING') return
    const end = (attempt: Attempt) => store.notifications.attempted(deliveryId, attempt)
    if (!delivery.target) return end(failed('The target was removed.'))
    const message = await messageFor({ store, secrets }, delivery, delivery.target)
    if (typeof message === 'string') return end(failed(message))
    const { attempt, retryAfter } = await trySend(courier, message)
    await end(attempt)
    if (attempt.status === 'PENDING') throw again(attempt.error ?? '', retryAfter)
  }

/** After the last attempt. */
export const giveUpNotification =
  ({ store }: Pick<Deps, 'store'>) =>
  ({ deliveryId }: NotifyInput): Promise<void> =>
    store.notifications.giveUp(deliveryId)

async function trySend(
  courier: Courier,
  message: Message,
): Promise<{ attempt: Attempt; retryAfter: number | null }> {
  try {
    const { status, retryAfter } = await courier.send(message, cancellationSignal())
    if (status >= 200 && status < 300)
      return { attempt: { status: 'DELIVERED', httpStatus: status, error: null }, retryAfter }
    const attempt = { httpStatus: status, error: `It answered ${status}.` }
    return { attempt: { ...attempt, status: status === gone ? 'FAILED' : 'PENDING' }, retryAfter }
  } catch (error) {
    if (!(error instanceof CourierError)) throw error
    const status = error.forGood ? 'FAILED' : 'PENDING'
    return { attempt: { status, httpStatus: null, error: error.message }, retryAfter: null }
  }
}

/** A text says why there is nothing to send. @throws ApplicationFailure while there is nothing to send yet */
async function messageFor(
  { store, secrets }: Pick<Deps, 'store' | 'secrets'>,
  { id, event, data, createdAt }: DeliveryRow,
  { serviceId, name, kind, sealedUrl, sealedSecret }: TargetRow,
): Promise<Message | string> {
  const deployment = await store.deployments.find(data.id)
  if (!deployment) return 'The deployment was removed.'
  const letter: Letter = {
    id,
    event,
    data,
    createdAt,
    url: secrets.open(sealedUrl, notificationContext(serviceId, name, 'url')),
    secret:
      sealedSecret === null ? '' : secrets.open(sealedSecret, notificationContext(serviceId, name, 'secret')),
    now: deployment,
  }
  if (kind === 'webhook') return webhookMessage(letter, new Date())
  if (kind === 'slack') return slackMessage(letter)
  const message = commitStatusMessage(kind, letter)
  if (message) return message
  if (!data.repoFullName) return 'The url of the service names no repository as owner/name.'
  if (isFinal(deployment.status)) return 'The deployment ended before its commit was known.'
  throw again('The commit is not known yet.', null)
}

const failed = (error: string): Attempt => ({ status: 'FAILED', httpStatus: null, error })

const again = (message: string, retryAfter: number | null) =>
  ApplicationFailure.create({
    message,
    type: 'NotDelivered',
    ...(retryAfter ? { nextRetryDelay: Math.min(retryAfter, longestWait) * 1000 } : {}),
  })
