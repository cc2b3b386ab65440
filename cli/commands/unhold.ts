import type { Command } from 'commander'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { standardEnvironment } from '../deployment-id.ts'
import { environmentPath } from '../paths.ts'

export function register(program: Command): void {
  program
    .command('unhold <service> [environment]')
    .description('lift the hold: deployments are accepted again')
    .action(async (service: string, name: string | undefined, _options: object, command: Command) => {
      const context = contextOf(command)
      const environment = name ?? standardEnvironment
      await clientOf(context.settings).remove(`${environmentPath(service, environment)}/hold`)
      context.answer({ hold: null }, () => `${service} ${environment} is no longer held`)
    })
}
