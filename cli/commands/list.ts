import type { Command } from 'commander'
import type { Deployment } from '../../contract/deployment.ts'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { parseMoment } from '../durations.ts'
import { table } from '../table.ts'

interface ListOptions {
  status?: string
  trigger?: string
  commit?: string
  since?: string
  until?: string
  archived?: boolean
  limit: string
  cursor?: string
}

export function register(program: Command): void {
  program
    .command('list [service] [environment]')
    .description('list deployments, newest first')
    .option('--status <status>', 'such as FAILED')
    .option('--trigger <trigger>', 'such as schedule')
    .option('--commit <digits>', 'of this commit, or whose commit begins so')
    .option('--since <time>', 'queued in the last 2h or 7d, or since 2026-11-01T00:00:00Z', isoMoment)
    .option('--until <time>', 'queued before this time', isoMoment)
    .option('--archived', 'archived ones too')
    .option('--limit <number>', 'how many at most, up to 100', '20')
    .option('--cursor <cursor>', 'the next page, as an earlier call has told')
    .action(
      async (
        serviceId: string | undefined,
        environment: string | undefined,
        { archived, status, ...options }: ListOptions,
        command: Command,
      ) => {
        const context = contextOf(command)
        const asked = {
          ...{ serviceId, environment, ...options },
          ...(status === undefined ? {} : { status: status.toUpperCase() }),
          ...(archived ? { includeArchived: 'true' } : {}),
        }
        const query = new URLSearchParams(
          Object.entries(asked).filter(([, value]) => value !== undefined) as [string, string][],
        )
        const page = await clientOf(context.settings).get<{ data: Deployment[]; nextCursor: string | null }>(
          `/v1/deployments?${query.toString()}`,
        )
        context.answer(page, ({ data }) =>
          table(['DEPLOYMENT', 'STATUS', 'TRIGGER', 'COMMIT', 'QUEUED'], data.map(row)),
        )
        if (page.nextCursor) context.note(`More: --cursor ${page.nextCursor}`)
      },
    )
}

/** For the API; how long ago is counted by this machine's clock. */
const isoMoment = (text: string): string => parseMoment(text).toISOString()

const row = ({ id, status, live, trigger, commitSha, queuedAt }: Deployment): string[] => [
  id,
  live ? `${status} (live)` : status,
  trigger,
  commitSha?.slice(0, 12) ?? '–',
  queuedAt,
]
