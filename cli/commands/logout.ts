import type { Command } from 'commander'
import { contextOf } from '../context.ts'
import { removeLogin } from '../login.ts'

export function register(program: Command): void {
  program
    .command('logout')
    .description('forget the address and the token that `sluice login` has kept; the token stays good')
    .action((_options: object, command: Command) => {
      removeLogin()
      contextOf(command).note('Forgotten.')
    })
}
