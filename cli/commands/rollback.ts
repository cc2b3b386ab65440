import type { Command } from 'commander'
import type { Deployment } from '../../contract/deployment.ts'
import { parseDeploymentId } from '../../contract/names.ts'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { standardEnvironment } from '../deployment-id.ts'
import { environmentPath } from '../paths.ts'
import { waitOptions, waitOrReturn, type WaitOptions } from '../wait.ts'

interface RollbackOptions extends WaitOptions {
  to?: string
}

export function register(program: Command): void {
  waitOptions(
    program
      .command('rollback <service> [environment]')
      .description('go back to an earlier release; nothing is built')
      .option(
        '--to <release>',
        'such as shop.production.r7, or a past deployment such as shop.production.7; the release before the live one when absent',
      ),
  ).action(
    async (service: string, environment: string | undefined, options: RollbackOptions, command: Command) => {
      const context = contextOf(command)
      const client = clientOf(context.settings)
      const path = `${environmentPath(service, environment ?? standardEnvironment)}/rollback`
      const { to } = options
      const body = to === undefined ? {} : parseDeploymentId(to) ? { deploymentId: to } : { releaseId: to }
      await waitOrReturn(context, client, await client.post<Deployment>(path, body), options)
    },
  )
}
