import type { Command } from 'commander'
import { CliError } from '../cli-error.ts'
import { tokenOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'

export function register(program: Command): void {
  program
    .command('token')
    .description('print the token of the API')
    .action((_options: object, command: Command) => {
      const context = contextOf(command)
      const token = tokenOf(context.settings)
      if (token !== undefined) return context.answer({ token }, () => token)
      throw new CliError(`There is no token in ${context.settings.home} yet.`, {
        exitCode: exitCodes.auth,
        next: 'It is made at the first `sluice up`.',
      })
    })
}
