import type { Command } from 'commander'
import type { Deployment } from '../../contract/deployment.ts'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { findDeployment } from '../deployment-id.ts'
import { waitOptions, waitOrReturn, type WaitOptions } from '../wait.ts'

export function register(program: Command): void {
  waitOptions(
    program
      .command('approve <deployment> [environment]')
      .description('let a deployment that waits for approval go on (an id, or a service for its newest one)'),
  ).action(async (which: string, environment: string | undefined, options: WaitOptions, command: Command) => {
    const context = contextOf(command)
    const client = clientOf(context.settings)
    const { id } = await findDeployment(client, which, environment)
    const approved = await client.post<Deployment>(`/v1/deployments/${id}/approve`)
    await waitOrReturn(context, client, approved, options)
  })
}
