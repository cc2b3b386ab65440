import type { Command } from 'commander'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { standardEnvironment } from '../deployment-id.ts'
import { environmentPath } from '../paths.ts'

export function register(program: Command): void {
  program
    .command('hold <service> [environment]')
    .description('let nothing be deployed until `sluice unhold`; a rollback is always accepted')
    .requiredOption('--reason <text>', 'shown to whoever tries to deploy')
    .action(
      async (service: string, name: string | undefined, { reason }: { reason: string }, command: Command) => {
        const context = contextOf(command)
        const environment = name ?? standardEnvironment
        const path = `${environmentPath(service, environment)}/hold`
        const held = await clientOf(context.settings).put<{ reason: string }>(path, { reason })
        context.answer(held, () => `${service} ${environment} is held: ${held.reason}`)
      },
    )
}
