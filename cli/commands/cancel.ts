import type { Command } from 'commander'
import type { Deployment } from '../../contract/deployment.ts'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { findDeployment } from '../deployment-id.ts'
import { follow } from '../follow.ts'
import { waitOptions, type WaitOptions } from '../wait.ts'

interface CancelOptions extends WaitOptions {
  reason?: string
}

export function register(program: Command): void {
  waitOptions(
    program
      .command('cancel <deployment> [environment]')
      .description('cancel a deployment that is not live yet (an id, or a service for its newest one)')
      .option('--reason <text>', 'kept with the deployment'),
  ).action(
    async (which: string, environment: string | undefined, options: CancelOptions, command: Command) => {
      const context = contextOf(command)
      const client = clientOf(context.settings)
      const { id } = await findDeployment(client, which, environment)
      const body = options.reason === undefined ? {} : { reason: options.reason }
      const accepted = await client.post<Deployment>(`/v1/deployments/${id}/cancel`, body)
      // That it is canceled is what was asked for: the exit status is 0, and 1 if it came too late.
      const ended = options.wait ? await follow(context, client, accepted, options.timeout) : accepted
      context.answer(ended, ({ status }) => `${id} ${options.wait ? status : 'is being canceled'}`)
      if (options.wait && ended.status !== 'CANCELED') process.exitCode = 1
    },
  )
}
