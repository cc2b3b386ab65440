import { Option, type Command } from 'commander'
import type { Deployment } from '../../contract/deployment.ts'
import { CliError } from '../cli-error.ts'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { findDeployment } from '../deployment-id.ts'
import { exitCodes } from '../exit-codes.ts'

interface ResolveOptions {
  migrated?: boolean
  notMigrated?: boolean
}

export function register(program: Command): void {
  program
    .command('resolve <deployment> [environment]')
    .description(
      'say whether a migration of unknown outcome took effect (an id, or a service for its newest one)',
    )
    .addOption(new Option('--migrated', 'it did: a retry skips the hook').conflicts('notMigrated'))
    .addOption(new Option('--not-migrated', 'it did not: a retry runs the hook again'))
    .action(
      async (which: string, environment: string | undefined, options: ResolveOptions, command: Command) => {
        if (!options.migrated && !options.notMigrated) throw unanswered(which)
        const context = contextOf(command)
        const client = clientOf(context.settings)
        const { id } = await findDeployment(client, which, environment)
        const migration = options.migrated ? 'migrated' : 'not-migrated'
        const resolved = await client.post<Deployment>(`/v1/deployments/${id}/resolve`, { migration })
        const next = options.migrated ? 'skips the migration' : 'runs the migration again'
        context.answer(resolved, () => `${id}: ${migration}. \`sluice retry ${id}\` ${next}.`)
      },
    )
}

const unanswered = (which: string) =>
  new CliError(
    'Did the migration take effect? Look in the database, then say --migrated or --not-migrated.',
    {
      exitCode: exitCodes.usage,
      next: `\`sluice logs ${which}\` shows what it wrote.`,
    },
  )
