import { exitCodes, type ExitCode } from './exit-codes.ts'

/** Ends the command with a sentence for people, and what to do next. */
export class CliError extends Error {
  override name = 'CliError'
  readonly exitCode: ExitCode
  readonly next: string | undefined
  constructor(
    message: string,
    { exitCode = exitCodes.error, next }: { exitCode?: ExitCode; next?: string } = {},
  ) {
    super(message)
    this.exitCode = exitCode
    this.next = next
  }
}
