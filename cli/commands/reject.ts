import type { Command } from 'commander'
import type { Deployment } from '../../contract/deployment.ts'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { findDeployment } from '../deployment-id.ts'

export function register(program: Command): void {
  program
    .command('reject <deployment> [environment]')
    .description('end a deployment that waits for approval; what it has done is undone')
    .option('--reason <text>', 'kept with the deployment')
    .action(
      async (
        which: string,
        environment: string | undefined,
        { reason }: { reason?: string },
        command: Command,
      ) => {
        const context = contextOf(command)
        const client = clientOf(context.settings)
        const { id } = await findDeployment(client, which, environment)
        const body = reason === undefined ? {} : { reason }
        const rejected = await client.post<Deployment>(`/v1/deployments/${id}/reject`, body)
        context.answer(rejected, () => `${id} is rejected`)
      },
    )
}
