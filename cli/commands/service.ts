import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Command } from 'commander'
import type { Service } from '../../contract/service.ts'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { standardEnvironment } from '../deployment-id.ts'
import { environmentPath } from '../paths.ts'
import { table } from '../table.ts'

interface AddOptions {
  branch: string
  environment: boolean
}

export function register(program: Command): void {
  const service = program.command('service').description('add and list services')
  service
    .command('add <name> <repository>')
    .description('add a service: https or ssh url, or a local repository under SLUICE_SOURCE_ROOTS')
    .option('--branch <branch>', 'that production is deployed from', 'main')
    .option('--no-environment', 'do not add the environment production')
    .action(async (name: string, repository: string, options: AddOptions, command: Command) => {
      const context = contextOf(command)
      const client = clientOf(context.settings)
      const source = { kind: 'git', url: absoluteIfLocal(repository) }
      const added = await client.post<Service>('/v1/services', { serviceId: name, source })
      if (options.environment)
        await client.put(environmentPath(name, standardEnvironment), { branch: options.branch })
      context.answer(added, ({ serviceId }) => serviceId)
      context.note(
        options.environment ? `Next: sluice deploy ${name}` : `Next: sluice env set ${name} <environment>`,
      )
    })
  service
    .command('list')
    .description('list the services')
    .action(async (_options: object, command: Command) => {
      const context = contextOf(command)
      const { data } = await clientOf(context.settings).get<{ data: Service[] }>('/v1/services')
      context.answer(data, () =>
        table(
          ['SERVICE', 'ENVIRONMENTS', 'SOURCE'],
          data.map(({ serviceId, environments, source }) => [
            serviceId,
            environments.join(', ') || '–',
            source.url,
          ]),
        ),
      )
    })
}

/** The API knows nothing of the folder that the caller is in. */
function absoluteIfLocal(repository: string): string {
  const looksLocal = /^(\.{1,2}(\/|$)|\/|~\/)/.test(repository) || existsSync(repository)
  return looksLocal ? path.resolve(repository) : repository
}
