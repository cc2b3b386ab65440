import { Option, type Command } from 'commander'
import type { AuditEntry } from '../../contract/audit.ts'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { harmlessText } from '../../contract/harmless-text.ts'
import { table } from '../table.ts'

interface AuditOptions {
  service?: string
  environment?: string
  by?: string
  action?: string
  outcome?: string
  since?: string
  limit: string
}

export function register(program: Command): void {
  program
    .command('audit')
    .description('list who changed what, newest first')
    .option('--service <service>', 'only of this service')
    .option('--environment <environment>', 'only of this environment')
    .option('--by <token>', 'only with this token (its id, or admin)')
    .option('--action <action>', 'only this, such as createDeployment')
    .addOption(new Option('--outcome <outcome>', 'only what was').choices(['done', 'refused']))
    .option('--since <time>', 'only from then on, such as 2026-01-31T12:00:00Z')
    .option('--limit <number>', 'how many, at most 200', '50')
    .action(async (options: AuditOptions, command: Command) => {
      const context = contextOf(command)
      const query = new URLSearchParams(filterOf(options)).toString()
      const { data } = await clientOf(context.settings).get<{ data: AuditEntry[] }>(`/v1/audit?${query}`)
      context.answer(data, () =>
        table(
          ['WHEN', 'WHO', 'FROM', 'WHAT', 'TO', 'OUTCOME'],
          data.map((one) => [
            one.at,
            one.actorName,
            one.address,
            one.action,
            harmlessText(one.target ?? [one.serviceId, one.environment].filter(Boolean).join(' ')),
            one.code ?? String(one.status),
          ]),
        ),
      )
    })
}

function filterOf({ service, by, ...others }: AuditOptions): Record<string, string> {
  const named = { ...others, serviceId: service, actor: by }
  return Object.fromEntries(
    Object.entries(named).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}
