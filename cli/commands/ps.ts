import type { Command } from 'commander'
import { harmlessText } from '../../contract/harmless-text.ts'
import type { Process } from '../../contract/process.ts'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { environmentPath } from '../paths.ts'
import { table } from '../table.ts'

export function register(program: Command): void {
  program
    .command('ps <service> [environment]')
    .description('show the processes of the live release')
    .action(async (service: string, environment: string | undefined, _options: object, command: Command) => {
      const context = contextOf(command)
      const path = `${environmentPath(service, environment ?? 'production')}/processes`
      const { data } = await clientOf(context.settings).get<{ data: Process[] }>(path)
      context.answer(data, (processes) =>
        processes.length === 0
          ? 'Nothing is live.'
          : table(['NAME', 'STATE', 'PID', 'PORT', 'RESTARTS', 'SINCE', 'COMMAND'], processes.map(row)),
      )
    })
}

const row = ({ name, state, pid, port, restarts, lastExit, startedAt, command }: Process): string[] => [
  name,
  state,
  String(pid ?? '–'),
  String(port ?? '–'),
  restarts === 0 ? '0' : `${restarts} (${lastExit?.signal ?? lastExit?.code ?? '?'})`,
  startedAt ?? '–',
  harmlessText(command),
]
