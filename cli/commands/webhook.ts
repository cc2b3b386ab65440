import { Option, type Command } from 'commander'
import { webhookProviders, type WebhookProvider } from '../../contract/webhook.ts'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { servicePath } from '../paths.ts'
import { readSecret } from '../variables.ts'

interface Made {
  secret: string
  urls: Record<WebhookProvider, string>
}

const path = (service: string) => `${servicePath(service)}/webhook`

export function register(program: Command): void {
  const webhook = program.command('webhook').description('let a forge tell of pushes')
  webhook
    .command('create <service>')
    .description('make the secret that the forge signs with; the one before is no longer accepted')
    .addOption(new Option('--provider <forge>', 'whose address is shown').choices([...webhookProviders]))
    .option('--secret <source>', 'one that the forge has made: @file, or - for standard input')
    .action(
      async (service: string, options: { provider?: WebhookProvider; secret?: string }, command: Command) => {
        const context = contextOf(command)
        const body = options.secret === undefined ? {} : { secret: readSecret(options.secret) }
        const made = await clientOf(context.settings).put<Made>(path(service), body)
        context.answer(made, () => lines(made, options.provider).join('\n'))
        context.note(
          'Enter both in the settings of the repository: JSON, push events. The secret is not shown again.',
        )
      },
    )
  webhook
    .command('show <service>')
    .description('whether there is a secret, and where forges deliver to')
    .action(async (service: string, _options: object, command: Command) => {
      const context = contextOf(command)
      const shown = await clientOf(context.settings).get<Made & { configured: boolean }>(path(service))
      context.answer(shown, () =>
        shown.configured ? urlLines(shown).join('\n') : `No secret yet: sluice webhook create ${service}`,
      )
    })
  webhook
    .command('remove <service>')
    .description('accept no more deliveries')
    .action(async (service: string, _options: object, command: Command) => {
      const context = contextOf(command)
      await clientOf(context.settings).remove(path(service))
      context.answer({ configured: false }, () => `${service} accepts no more deliveries`)
    })
}

const lines = (made: Made, provider?: WebhookProvider) => [
  `secret     ${made.secret}`,
  ...urlLines(made, provider),
]

const urlLines = ({ urls }: Pick<Made, 'urls'>, provider?: WebhookProvider) =>
  Object.entries(urls)
    .filter(([name]) => provider === undefined || name === provider)
    .map(([name, url]) => `${name.padEnd(10)} ${url}`)
