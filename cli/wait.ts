import type { Command } from 'commander'
import type { Deployment } from '../contract/deployment.ts'
import type { Client } from './client.ts'
import type { Context } from './context.ts'
import { parseDuration } from './durations.ts'
import { follow } from './follow.ts'
import { reportOutcome } from './outcome-text.ts'

export interface WaitOptions {
  wait: boolean
  /** Milliseconds. */
  timeout?: number
}

/** What every command takes that starts a deployment. */
export const waitOptions = (command: Command): Command =>
  command
    .option('--no-wait', 'return as soon as it is accepted')
    .option('--timeout <duration>', 'wait at most this long (90s, 5m); the deployment goes on', parseDuration)

/** Follows a deployment that was just accepted and sets the exit status; or only says which one it is. */
export async function waitOrReturn(
  context: Context,
  client: Client,
  deployment: Deployment,
  { wait, timeout }: WaitOptions,
): Promise<void> {
  if (!wait) return context.answer(deployment, ({ id }) => id)
  if (!context.live) context.note(`Deployment ${deployment.id} is ${deployment.status}.`)
  reportOutcome(context, await follow(context, client, deployment, timeout))
}
