import type { Command } from 'commander'
import type { Deployment, LogLine } from '../../contract/deployment.ts'
import { clientOf, type Client } from '../client.ts'
import { CliError } from '../cli-error.ts'
import { contextOf, type Context } from '../context.ts'
import { findDeployment } from '../deployment-id.ts'
import { parseMoment } from '../durations.ts'
import { streamRows } from '../event-stream.ts'
import { exitCodes } from '../exit-codes.ts'
import { harmlessText } from '../../contract/harmless-text.ts'

interface LogsOptions {
  follow?: boolean
  step?: string
  /** What was written at this time or later. */
  since?: Date
  grep?: RegExp
}

export function register(program: Command): void {
  program
    .command('logs <deployment> [environment]')
    .description('print what the steps of a deployment wrote (an id, or a service for its newest one)')
    .option('-f, --follow', 'go on until the deployment has ended')
    .option('--step <step>', 'of one step only, such as build')
    .option(
      '--since <time>',
      'of the last 10m, or since a time such as 2026-11-01T12:00:00Z',
      (text: string) => parseMoment(text),
    )
    .option('--grep <pattern>', 'only lines in which this regular expression is found', parsePattern)
    .action(
      async (which: string, environment: string | undefined, options: LogsOptions, command: Command) => {
        const context = contextOf(command)
        const client = clientOf(context.settings)
        const deployment = await findDeployment(client, which, environment)
        const lines = options.follow
          ? followLines(context, client, deployment, options)
          : readLines(client, deployment, options)
        for await (const line of lines)
          if (isWanted(line, options)) context.print(context.json ? JSON.stringify(line) : textOf(line))
      },
    )
}

const isWanted = ({ at, text }: LogLine, { since, grep }: LogsOptions): boolean =>
  (since === undefined || Date.parse(at) >= since.getTime()) && (grep === undefined || grep.test(text))

function parsePattern(text: string): RegExp {
  try {
    return new RegExp(text, 'u')
  } catch (error) {
    throw new CliError((error as Error).message, { exitCode: exitCodes.usage })
  }
}

const textOf = ({ at, step, text }: LogLine): string =>
  `${new Date(at).toTimeString().slice(0, 8)} ${(step ?? '').padEnd(9)} ${harmlessText(text)}`

const pathOf = ({ id }: Deployment, { step }: LogsOptions, page: Record<string, string> = {}): string =>
  `/v1/deployments/${id}/logs?${new URLSearchParams({ ...page, ...(step === undefined ? {} : { step }) }).toString()}`

/** What there is now, page by page. */
async function* readLines(
  client: Client,
  deployment: Deployment,
  options: LogsOptions,
): AsyncGenerator<LogLine> {
  let after: number | null = 0
  while (after !== null) {
    const path = pathOf(deployment, options, { after: String(after), limit: '1000' })
    const page: { data: LogLine[]; nextAfter: number | null } = await client.get(path)
    yield* page.data
    after = page.nextAfter
  }
}

async function* followLines(
  context: Context,
  client: Client,
  deployment: Deployment,
  options: LogsOptions,
): AsyncGenerator<LogLine> {
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  const connection = (state: string) =>
    context.note(
      state === 'lost' ? 'The API does not answer just now. Tries again …' : 'The API answers again.',
    )
  try {
    yield* streamRows<LogLine>(client, pathOf(deployment, options), { signal: stop.signal, connection })
  } catch (error) {
    if (!stop.signal.aborted) throw error
  }
  if (stop.signal.aborted)
    throw new CliError('Detached. The deployment goes on.', { exitCode: exitCodes.interrupted })
}
