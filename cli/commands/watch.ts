import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import type { Deployment } from '../../contract/deployment.ts'
import { isFinal } from '../../contract/vocabulary.ts'
import { clientOf, type Client } from '../client.ts'
import { CliError } from '../cli-error.ts'
import { contextOf } from '../context.ts'
import { standardEnvironment } from '../deployment-id.ts'
import { parseDuration } from '../durations.ts'
import { exitCodes } from '../exit-codes.ts'
import { follow } from '../follow.ts'
import { reportOutcome } from '../outcome-text.ts'
import { environmentPath } from '../paths.ts'

interface WatchOptions {
  next?: boolean
  /** Milliseconds. */
  timeout?: number
}

/** Milliseconds between two looks whether a deployment has come. */
const lookEvery = 1000

export function register(program: Command): void {
  program
    .command('watch <service> [environment]')
    .description('follow the deployment that runs or waits, or the next one that comes')
    .option('--next', 'the next one, whatever runs now')
    .option('--timeout <duration>', 'wait at most this long (90s, 5m); the deployment goes on', parseDuration)
    .action(
      async (service: string, environment: string | undefined, options: WatchOptions, command: Command) => {
        const context = contextOf(command)
        const client = clientOf(context.settings)
        const target = { serviceId: service, environment: environment ?? standardEnvironment }
        const deadline = Date.now() + (options.timeout ?? Infinity)
        await client.get(environmentPath(target.serviceId, target.environment))
        const newest = await newestOf(client, target)
        const running = !options.next && newest && !isFinal(newest.status) ? newest : undefined
        if (!running) context.note(`Waits for the next deployment of ${service} ${target.environment} …`)
        const deployment = running ?? (await nextAfter(client, target, newest?.number ?? 0, deadline))
        const left = options.timeout === undefined ? undefined : Math.max(1, deadline - Date.now())
        reportOutcome(context, await follow(context, client, deployment, left))
      },
    )
}

type Target = { serviceId: string; environment: string }

async function newestOf(client: Client, target: Target): Promise<Deployment | undefined> {
  const query = new URLSearchParams({ ...target, limit: '1', includeArchived: 'true' })
  const { data } = await client.get<{ data: Deployment[] }>(`/v1/deployments?${query.toString()}`)
  return data[0]
}

/** @throws CliError when none has come in time, or Ctrl-C ends the wait */
async function nextAfter(
  client: Client,
  target: Target,
  number: number,
  deadline: number,
): Promise<Deployment> {
  const stop = new AbortController()
  const interrupt = () => stop.abort()
  process.once('SIGINT', interrupt)
  try {
    for (;;) {
      const newest = await newestOf(client, target)
      if (newest && newest.number > number) return newest
      if (Date.now() > deadline)
        throw new CliError(`No deployment of ${target.serviceId} came in time.`, {
          exitCode: exitCodes.waitTimeout,
        })
      await sleep(lookEvery, undefined, { signal: stop.signal })
    }
  } catch (error) {
    throw stop.signal.aborted ? new CliError('Stopped waiting.', { exitCode: exitCodes.interrupted }) : error
  } finally {
    process.off('SIGINT', interrupt)
  }
}
