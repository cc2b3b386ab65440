import type { Command } from 'commander'
import type { Caller } from '../../contract/token.ts'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'

export function register(program: Command): void {
  program
    .command('whoami')
    .description('print whose token is used, and what it may do')
    .action(async (_options: object, command: Command) => {
      const context = contextOf(command)
      const caller = await clientOf(context.settings).get<Caller>('/v1/whoami')
      context.answer(caller, ({ name, role, serviceId }) =>
        [`${name}: ${role} of ${serviceId ?? 'all services'}`, context.settings.url].join('\n'),
      )
    })
}
