import pc from 'picocolors'
import { CommanderError } from 'commander'
import { wantsColor } from './context.ts'
import { exitCodes, type ExitCode } from './exit-codes.ts'

interface Explained extends Error {
  next?: string | undefined
  exitCode?: ExitCode
}

/** Says on stderr what went wrong and what to do next; answers the exit status. */
export async function reportFailure(error: unknown, args: string[]): Promise<number> {
  // Commander has printed it; what it calls an error is a wrong call.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : usage(error)
  const { message, next, exitCode = exitCodes.error, stack } = explained(error)
  const colors = pc.createColors(wantsColor(process.stderr))
  if (args.includes('--json')) {
    process.stderr.write(`${JSON.stringify({ error: message, next, exitCode })}\n`)
    return exitCode
  }
  process.stderr.write(`${colors.red('✗')} ${message}\n${next === undefined ? '' : `  ${next}\n`}`)
  const unexpected = (error as Error).constructor === Error || error instanceof TypeError
  if (unexpected && process.env['SLUICE_LOG_LEVEL'] === 'debug') process.stderr.write(`${stack}\n`)
  return exitCode
}

function usage(error: CommanderError): number {
  return error.code === 'commander.help' ? exitCodes.ok : exitCodes.usage
}

const explained = (error: unknown): Explained => (error instanceof Error ? error : new Error(String(error)))
