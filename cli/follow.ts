import type { Deployment, DeploymentEvent } from '../contract/deployment.ts'
import { isFinal } from '../contract/vocabulary.ts'
import { CliError } from './cli-error.ts'
import type { Client } from './client.ts'
import type { Context } from './context.ts'
import { streamRows } from './event-stream.ts'
import { exitCodes } from './exit-codes.ts'
import { noLongerLive } from './deployment-fold.ts'
import { harmlessText } from '../contract/harmless-text.ts'
import { progressOf, type Progress } from './progress.ts'

/** Milliseconds. A timer of Node's that is set to more runs out at once. */
const longestTimer = 2 ** 31 - 1

/** Why following stopped before the deployment ended. */
class Detached extends Error {
  readonly reason: 'interrupted' | 'timeout'
  constructor(reason: Detached['reason']) {
    super(reason)
    this.reason = reason
  }
}

/**
 * Shows a deployment until it ends and answers how it ended. Ctrl-C only detaches.
 * @param timeoutMs how long to wait, 24 days at most; without it as long as it takes
 * @throws CliError when detached or timed out
 */
export async function follow(
  context: Context,
  client: Client,
  deployment: Deployment,
  timeoutMs?: number,
): Promise<Deployment> {
  const waitMs = timeoutMs === undefined ? undefined : Math.min(timeoutMs, longestTimer)
  const stop = new AbortController()
  const interrupt = () => stop.abort(new Detached('interrupted'))
  const timer =
    waitMs === undefined ? undefined : setTimeout(() => stop.abort(new Detached('timeout')), waitMs)
  process.once('SIGINT', interrupt)
  const progress = progressOf(context, deployment)
  try {
    return await followEvents(client, deployment, progress, stop.signal)
  } catch (error) {
    const { reason } = stop.signal
    throw reason instanceof Detached ? detached(deployment, reason, waitMs) : error
  } finally {
    progress.close()
    clearTimeout(timer)
    process.off('SIGINT', interrupt)
  }
}

async function followEvents(
  client: Client,
  deployment: Deployment,
  progress: Progress,
  signal: AbortSignal,
): Promise<Deployment> {
  const { id } = deployment
  const connection = (state: 'lost' | 'back') =>
    progress.note(
      state === 'lost'
        ? 'The API does not answer just now; the deployment goes on. Tries again …'
        : 'The API answers again.',
    )
  for (;;) {
    const events = streamRows<DeploymentEvent>(client, `/v1/deployments/${id}/events`, { signal, connection })
    for await (const event of events) {
      progress.event(event)
      if (event.type === 'live' && event.detail !== noLongerLive) progress.note(liveLine(deployment, event))
    }
    signal.throwIfAborted()
    const ended = await client.get<Deployment>(`/v1/deployments/${id}`)
    if (!isFinal(ended.status)) continue
    progress.finish(ended)
    return ended
  }
}

/** Where it answers, as soon as it does: the deployment may go on for a while. */
function liveLine({ id, serviceUrl }: Deployment, { detail }: DeploymentEvent): string {
  const watched = detail ? ` It is ${harmlessText(detail)}; the release before it stays ready.` : ''
  return `${serviceUrl ?? id} answers with it.${watched}`
}

function detached({ id }: Deployment, { reason }: Detached, waitMs = 0): CliError {
  const why = reason === 'timeout' ? `No result within ${waitMs / 1000} s` : 'Detached'
  return new CliError(`${why}. The deployment ${id} goes on.`, {
    exitCode: reason === 'timeout' ? exitCodes.waitTimeout : exitCodes.interrupted,
    next: `See \`sluice status ${id}\`; \`sluice cancel ${id}\` cancels it.`,
  })
}
