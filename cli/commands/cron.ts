import type { Command } from 'commander'
import type { CronEntry } from '../../contract/cron.ts'
import { harmlessText } from '../../contract/harmless-text.ts'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { environmentPath } from '../paths.ts'
import { table } from '../table.ts'

export function register(program: Command): void {
  program
    .command('cron <service> [environment]')
    .description('show what the live release runs at certain times')
    .action(async (service: string, environment: string | undefined, _options: object, command: Command) => {
      const context = contextOf(command)
      const path = `${environmentPath(service, environment ?? 'production')}/cron`
      const { data } = await clientOf(context.settings).get<{ data: CronEntry[] }>(path)
      context.answer(data, (entries) =>
        entries.length === 0
          ? 'Nothing runs at certain times.'
          : table(['NAME', 'TIMES', 'NEXT', 'LAST', 'COMMAND'], entries.map(row)),
      )
    })
}

const row = ({ name, schedule, timeZone, nextRuns, lastRun, note, command }: CronEntry): string[] => [
  name,
  `${schedule} ${timeZone}`,
  note ?? nextRuns[0] ?? '–',
  lastRun
    ? `${lastRun.status} ${lastRun.exitCode ?? ''} ${lastRun.finishedAt ?? ''}`.replaceAll(/ +/g, ' ').trim()
    : '–',
  harmlessText(command),
]
