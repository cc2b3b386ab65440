import type { Command } from 'commander'
import type { Deployment } from '../../contract/deployment.ts'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { standardEnvironment } from '../deployment-id.ts'
import { waitOptions, waitOrReturn, type WaitOptions } from '../wait.ts'

interface DeployOptions extends WaitOptions {
  ref?: string
}

export function register(program: Command): void {
  waitOptions(
    program
      .command('deploy <service> [environment]')
      .description('deploy, and follow it to the end (environment: production)')
      .option('--ref <ref>', "branch, tag or commit; the environment's branch when absent"),
  ).action(
    async (service: string, environment: string | undefined, options: DeployOptions, command: Command) => {
      const context = contextOf(command)
      const client = clientOf(context.settings)
      const deployment = await client.post<Deployment>('/v1/deployments', {
        serviceId: service,
        environment: environment ?? standardEnvironment,
        ...(options.ref === undefined ? {} : { ref: options.ref }),
      })
      await waitOrReturn(context, client, deployment, options)
    },
  )
}
