import type { Command } from 'commander'
import type { Deployment } from '../../contract/deployment.ts'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { standardEnvironment } from '../deployment-id.ts'
import { environmentPath } from '../paths.ts'
import { waitOptions, waitOrReturn, type WaitOptions } from '../wait.ts'

export function register(program: Command): void {
  waitOptions(
    program
      .command('restart <service> [environment]')
      .description('bring the live release up anew with the variables of now, without a build'),
  ).action(
    async (service: string, environment: string | undefined, options: WaitOptions, command: Command) => {
      const context = contextOf(command)
      const client = clientOf(context.settings)
      const path = `${environmentPath(service, environment ?? standardEnvironment)}/restart`
      await waitOrReturn(context, client, await client.post<Deployment>(path), options)
    },
  )
}
