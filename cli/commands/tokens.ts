import { InvalidArgumentError, Option, type Command } from 'commander'
import { tokenRoles, type MadeToken, type Token, type TokenRole } from '../../contract/token.ts'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { table } from '../table.ts'

interface CreateOptions {
  role: TokenRole
  service?: string
  expires?: number | null
}

export function register(program: Command): void {
  const tokens = program.command('tokens').description('make, list and revoke tokens of the API')
  tokens
    .command('create <name>')
    .description('make a token and print it, this once')
    .addOption(new Option('--role <role>', 'what it may do').choices(tokenRoles).makeOptionMandatory())
    .option('--service <service>', 'the one service that it reaches')
    .option('--expires <days>', 'days until it expires, or never (365)', daysOf)
    .action(async (name: string, options: CreateOptions, command: Command) => {
      const context = contextOf(command)
      const made = await clientOf(context.settings).post<MadeToken>('/v1/tokens', {
        name,
        role: options.role,
        ...(options.service === undefined ? {} : { serviceId: options.service }),
        ...(options.expires === undefined ? {} : { expiresInDays: options.expires }),
      })
      context.answer(made, ({ token }) => token)
      context.note(`${made.id}, expires ${made.expiresAt ?? 'never'}. It is not shown again.`)
    })
  tokens
    .command('list')
    .description('list the tokens')
    .action(async (_options: object, command: Command) => {
      const context = contextOf(command)
      const { data } = await clientOf(context.settings).get<{ data: Token[] }>('/v1/tokens')
      context.answer(data, () =>
        table(
          ['ID', 'NAME', 'ROLE', 'SERVICE', 'EXPIRES', 'LAST USED'],
          data.map((one) => [
            one.id,
            one.name,
            one.role,
            one.serviceId ?? 'all',
            one.expiresAt ?? 'never',
            one.lastUsedAt ?? '–',
          ]),
        ),
      )
    })
  tokens
    .command('revoke <id>')
    .description('make a token worthless, at once')
    .action(async (id: string, _options: object, command: Command) => {
      const context = contextOf(command)
      await clientOf(context.settings).remove(`/v1/tokens/${encodeURIComponent(id)}`)
      context.note(`${id} is worthless now.`)
    })
}

function daysOf(text: string): number | null {
  if (text === 'never') return null
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Days, or never.')
}
