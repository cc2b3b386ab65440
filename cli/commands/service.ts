import { existsSync } from 'node:fs'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import type { Service, ServiceSource } from '../../contract/service.ts'
import { CliError } from '../cli-error.ts'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { standardEnvironment } from '../deployment-id.ts'
import { exitCodes } from '../exit-codes.ts'
import { environmentPath, servicePath } from '../paths.ts'
import { pushLines } from '../push-lines.ts'
import { table } from '../table.ts'

interface AddOptions {
  push?: boolean
  branch: string
  stagingBranch: string
  environment: boolean
}

export function register(program: Command): void {
  const service = program.command('service').description('add and list services')
  service
    .command('add <name> [repository]')
    .description('add a service: https or ssh url, or a local repository under SLUICE_SOURCE_ROOTS')
    .option('--push', 'without a repository: its code comes by `git push`')
    .option('--branch <branch>', 'that production is deployed from', 'main')
    .option('--staging-branch <branch>', 'that staging is deployed from', 'staging')
    .option('--no-environment', 'do not add the environments production and staging')
    .action(async (name: string, repository: string | undefined, options: AddOptions, command: Command) => {
      const context = contextOf(command)
      const client = clientOf(context.settings)
      const source = sourceOf(repository, options)
      const added = await client.post<Service>('/v1/services', { serviceId: name, source })
      if (options.environment) {
        await client.put(environmentPath(name, standardEnvironment), { branch: options.branch })
        await client.put(environmentPath(name, 'staging'), { branch: options.stagingBranch })
      }
      context.answer(added, ({ serviceId }) => serviceId)
      if (!options.environment) context.note(`Next: sluice env set ${name} <environment>`)
      else if (added.pushUrl === null) context.note(`Next: sluice deploy ${name}`)
      for (const line of pushLines(added, options.branch)) context.note(line)
    })
  service
    .command('set <name>')
    .description('change where the code of a service comes from')
    .requiredOption('--repository <url>', 'https or ssh url, or a local repository; - reads it from stdin')
    .action(async (name: string, { repository }: { repository: string }, command: Command) => {
      const context = contextOf(command)
      const url = repository === '-' ? (await text(process.stdin)).trim() : absoluteIfLocal(repository)
      const changed = await clientOf(context.settings).patch<Service>(servicePath(name), {
        source: { kind: 'git', url },
      })
      context.answer(changed, ({ serviceId }) => serviceId)
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
            source.kind === 'push' ? 'git push' : source.url,
          ]),
        ),
      )
    })
}

/** @throws CliError when there is both a repository and `--push`, or neither */
function sourceOf(repository: string | undefined, { push }: AddOptions): ServiceSource {
  if (repository === undefined && push) return { kind: 'push' }
  if (repository !== undefined && !push) return { kind: 'git', url: absoluteIfLocal(repository) }
  throw new CliError('Give either a repository or --push.', {
    exitCode: exitCodes.usage,
    next: 'sluice service add <name> <repository>, or sluice service add <name> --push',
  })
}

/** The API knows nothing of the folder that the caller is in. */
function absoluteIfLocal(repository: string): string {
  const looksLocal = /^(\.{1,2}(\/|$)|\/|~\/)/.test(repository) || existsSync(repository)
  return looksLocal ? path.resolve(repository) : repository
}
