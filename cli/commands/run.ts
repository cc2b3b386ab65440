import type { Command } from 'commander'
import { harmlessText } from '../../contract/harmless-text.ts'
import type { Run, RunLine } from '../../contract/run.ts'
import { CliError } from '../cli-error.ts'
import { clientOf, type Client } from '../client.ts'
import { contextOf, type Context } from '../context.ts'
import { streamRows } from '../event-stream.ts'
import { exitCodes } from '../exit-codes.ts'
import { environmentPath } from '../paths.ts'
import { shellWords } from '../shell-words.ts'

interface RunOptions {
  env: string
  detach?: boolean
}

export function register(program: Command): void {
  program
    .command('run <service> <command...>')
    .usage('<service> [--env <environment>] [--detach] -- <command...>')
    .description('run a command in the live release; exits with its exit status')
    .option('--env <environment>', 'in which it runs', 'production')
    .option('-d, --detach', 'return as soon as it is accepted')
    .addHelpText(
      'after',
      '\nOne word is taken as a line for the shell, several are taken literally. Ctrl-C ends the command.',
    )
    .action(async (service: string, words: string[], options: RunOptions, command: Command) => {
      const context = contextOf(command)
      const client = clientOf(context.settings)
      const path = `${environmentPath(service, options.env)}/runs`
      const run = await client.post<Run>(path, { command: shellWords(words) })
      if (options.detach) return context.answer(run, ({ id }) => id)
      await attend(context, client, `${path}/${run.id}`)
    })
}

/** Prints what it prints, and ends as it ends. */
async function attend(context: Context, client: Client, path: string): Promise<void> {
  const stop = new AbortController()
  const interrupt = () => stop.abort()
  process.once('SIGINT', interrupt)
  const connection = (state: string) =>
    context.note(
      state === 'lost' ? 'The API does not answer just now. Tries again …' : 'The API answers again.',
    )
  try {
    const rows = streamRows<RunLine>(client, `${path}/output`, { signal: stop.signal, connection })
    for await (const line of rows) context.print(context.json ? JSON.stringify(line) : textOf(line))
  } catch (error) {
    if (!stop.signal.aborted) throw error
  } finally {
    process.off('SIGINT', interrupt)
  }
  if (stop.signal.aborted) {
    await client.post(`${path}/cancel`)
    throw new CliError('Interrupted: the command is being ended.', { exitCode: exitCodes.interrupted })
  }
  const { id, status, exitCode, note } = await client.get<Run>(path)
  if (note !== null || exitCode === null) context.note(`${id} ${status}${note === null ? '' : `: ${note}`}`)
  process.exitCode = exitCode ?? exitCodes.error
}

/** A terminal must not be acted upon; a file or a pipe gets what was written. */
const textOf = ({ text }: RunLine): string => (process.stdout.isTTY ? harmlessText(text) : text)
