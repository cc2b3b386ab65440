import type { Command } from 'commander'
import type { Environment, Service } from '../../contract/service.ts'
import { CliError } from '../cli-error.ts'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { servicePath } from '../paths.ts'
import { pushLines, remoteCommand } from '../push-lines.ts'

export function register(program: Command): void {
  program
    .command('git-remote <service>')
    .description('print the command that adds a service as a remote to push to')
    .action(async (name: string, _options: object, command: Command) => {
      const context = contextOf(command)
      const client = clientOf(context.settings)
      const service = await client.get<Service>(servicePath(name))
      const { pushUrl } = service
      if (pushUrl === null) {
        throw new CliError(`${name} takes its code from a repository elsewhere.`, {
          next: `Push there, then: sluice deploy ${name}`,
        })
      }
      const { data } = await client.get<{ data: Environment[] }>(`${servicePath(name)}/environments`)
      context.answer({ pushUrl }, () => remoteCommand(pushUrl))
      for (const line of pushLines(service, data[0]?.branch ?? 'main')) context.note(line)
    })
}
