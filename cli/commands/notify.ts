import { Option, type Command } from 'commander'
import {
  notificationEvents,
  notificationKinds,
  type Delivery,
  type NotificationTarget,
  type Notifications,
} from '../../contract/notification.ts'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { table } from '../table.ts'
import { readVariables } from '../variables.ts'

interface SetOptions {
  kind: string
  to?: string
  secret?: string
  event?: string[]
  environment?: string[]
}

const secretHelp = `
The secret is taken as variables are: --secret @file from a file, --secret - from standard input, else --secret NAME from
the variable NAME of this command's own environment. A webhook gets one of its own when none is given.`

export function register(program: Command): void {
  const notify = program.command('notify').description('tell others of the deployments of a service')
  notify
    .command('set <service> <name>')
    .description('add somebody who is told, or change it')
    .addOption(new Option('--kind <kind>', 'how').choices(notificationKinds).default('webhook'))
    .option('--to <url>', 'where to')
    .option('--secret <where>', 'signing secret of a webhook, or token for github and gitlab')
    .addOption(new Option('--event <event...>', 'only of these').choices(notificationEvents))
    .option('--environment <environment...>', 'only of these')
    .addHelpText('after', secretHelp)
    .action(async (service: string, name: string, options: SetOptions, command: Command) => {
      const context = contextOf(command)
      const client = clientOf(context.settings)
      const { kind, to: url, event: events, environment: environments } = options
      const { targets } = await client.get<Notifications>(pathOf(service))
      const others = targets.filter((one) => one.name !== name).map(kept)
      const wanted = { name, kind, url, secret: secretOf(options.secret), events, environments }
      const now = await client.put<Notifications>(pathOf(service), { targets: [...others, wanted] })
      context.answer(now, describe)
      const made = now.targets.find((one) => one.name === name)?.secret
      if (made) context.note('The secret is not shown again.')
    })
  notify
    .command('list <service>')
    .description('list who is told')
    .action(async (service: string, _options: object, command: Command) => {
      const context = contextOf(command)
      context.answer(await clientOf(context.settings).get<Notifications>(pathOf(service)), describe)
    })
  notify
    .command('remove <service> <name>')
    .description('tell it no longer')
    .action(async (service: string, name: string, _options: object, command: Command) => {
      const context = contextOf(command)
      const client = clientOf(context.settings)
      const { targets } = await client.get<Notifications>(pathOf(service))
      const left = targets.filter((one) => one.name !== name).map(kept)
      context.answer(await client.put<Notifications>(pathOf(service), { targets: left }), describe)
    })
  notify
    .command('deliveries <service>')
    .description('list what was sent, and what became of it')
    .action(async (service: string, _options: object, command: Command) => {
      const context = contextOf(command)
      const path = `${pathOf(service)}/deliveries`
      const { data } = await clientOf(context.settings).get<{ data: Delivery[] }>(path)
      context.answer(data, () =>
        table(
          ['WHEN', 'WHO', 'WHAT', 'DEPLOYMENT', 'STATUS', 'ATTEMPTS', 'LAST ERROR'],
          data.map((one) => [
            one.createdAt,
            one.target,
            one.event,
            one.deploymentId,
            one.status,
            String(one.attempts),
            one.lastError ?? '',
          ]),
        ),
      )
    })
}

const pathOf = (service: string) => `/v1/services/${encodeURIComponent(service)}/notifications`

/** Never the secret itself as an argument: those show in the list of processes. */
function secretOf(where: string | undefined): string | undefined {
  if (where === undefined) return undefined
  const given = where === '-' || where.startsWith('@') ? `SECRET=${where}` : where
  return Object.values(readVariables([given], undefined))[0]?.trim()
}

/** What is shown of an address is not all of it: left out, it stays. */
const kept = ({ name, kind, events, environments }: NotificationTarget) => ({
  name,
  kind,
  events,
  environments,
})

const describe = ({ targets }: Notifications): string =>
  targets.length === 0
    ? 'Nobody is told.'
    : table(
        ['NAME', 'KIND', 'URL', 'EVENTS', 'SECRET'],
        targets.map(({ name, kind, url, events, secret }) => [
          name,
          kind,
          url,
          events.join(' '),
          secret ?? '',
        ]),
      )
