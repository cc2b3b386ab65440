import type { Command } from 'commander'
import type { Delivery } from '../../contract/webhook.ts'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { harmlessText } from '../../contract/harmless-text.ts'
import { servicePath } from '../paths.ts'
import { table } from '../table.ts'

export function register(program: Command): void {
  program
    .command('deliveries <service>')
    .description('what forges have told of pushes, and what became of it, newest first')
    .option('--limit <number>', 'at most this many (1 to 100)', '20')
    .option('--again <delivery>', 'do again what this one asked for')
    .action(async (service: string, options: { limit: string; again?: string }, command: Command) => {
      const context = contextOf(command)
      const client = clientOf(context.settings)
      const path = `${servicePath(service)}/deliveries`
      if (options.again !== undefined) {
        const made = await client.post<Delivery>(`${path}/${encodeURIComponent(options.again)}/redeliver`)
        return context.answer(made, () => `${made.id} ${made.outcome}`)
      }
      const query = new URLSearchParams({ limit: options.limit })
      const { data } = await client.get<{ data: Delivery[] }>(`${path}?${query.toString()}`)
      context.answer(data, () => table(['DELIVERY', 'AT', 'FORGE', 'OUTCOME'], data.flatMap(rowsOf)))
    })
}

function rowsOf({ id, receivedAt, provider, results }: Delivery): string[][] {
  return results.map((result, at) => [
    ...(at === 0 ? [id, receivedAt, provider] : ['', '', '']),
    outcomeOf(result),
  ])
}

function outcomeOf({ outcome, deploymentId, supersededBy, reason }: Delivery['results'][number]): string {
  if (outcome === 'superseded') return `${deploymentId} superseded by ${supersededBy ?? 'a newer one'}`
  const more = reason ?? deploymentId
  return more ? `${outcome}: ${harmlessText(more)}` : outcome
}
