import type { Command } from 'commander'
import type { Environment } from '../../contract/service.ts'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { standardEnvironment } from '../deployment-id.ts'
import { linkOf, writeLink } from '../link.ts'
import { environmentPath } from '../paths.ts'

export function register(program: Command): void {
  program
    .command('link [name] [environment]')
    .description(
      'remember a service for this folder, so that commands in it need no names; shows it without one',
    )
    .action(
      async (
        name: string | undefined,
        environment: string | undefined,
        _options: object,
        command: Command,
      ) => {
        const context = contextOf(command)
        if (name === undefined) {
          const link = linkOf()
          context.answer(link ?? null, () =>
            link ? `${link.service} ${link.environment}  ${link.folder}` : 'Not linked.',
          )
          return
        }
        const path = environmentPath(name, environment ?? standardEnvironment)
        const found = await clientOf(context.settings).get<Environment>(path)
        const link = { service: found.serviceId, environment: found.environment }
        writeLink(link)
        context.answer(link, () => `${link.service} ${link.environment}`)
        context.note(
          `In ${process.cwd()} commands mean it when they are told no names, such as \`sluice deploy\`.`,
        )
      },
    )
}
