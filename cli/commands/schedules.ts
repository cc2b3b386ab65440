import type { Command } from 'commander'
import type { NewSchedule, Schedule, ScheduleAction } from '../../contract/schedule.ts'
import { CliError } from '../cli-error.ts'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { environmentPath } from '../paths.ts'
import { table } from '../table.ts'

interface AddOptions {
  cron?: string
  at?: string
  timeZone?: string
  ref?: string
  redeploy?: boolean
  rollback?: boolean
  to?: string
}

const pathOf = (service: string, environment: string, name?: string): string =>
  `${environmentPath(service, environment)}/schedules${name === undefined ? '' : `/${encodeURIComponent(name)}`}`

export function register(program: Command): void {
  const schedules = program.command('schedules').description('deploy at certain times')
  schedules
    .command('add <service> <environment> <name>')
    .description('deploy by cron, or once')
    .option('--cron <fields>', 'minute hour day month weekday, or a word such as @daily')
    .option('--at <time>', 'once, such as 2026-12-01T02:00:00+01:00')
    .option('--time-zone <zone>', 'of --cron, such as Europe/Berlin; UTC when absent')
    .option('--ref <ref>', "branch, tag or commit; the environment's branch when absent")
    .option('--redeploy', 'deploy the live commit once more')
    .option('--rollback', 'go back to an earlier release')
    .option('--to <release>', 'with --rollback: such as shop.production.r7')
    .action(
      async (service: string, environment: string, name: string, options: AddOptions, command: Command) => {
        const context = contextOf(command)
        const { cron, at, timeZone } = options
        const wanted: NewSchedule = {
          name,
          ...(cron === undefined ? {} : { cron }),
          ...(at === undefined ? {} : { at }),
          ...(timeZone === undefined ? {} : { timeZone }),
          action: actionOf(options),
        }
        const made = await clientOf(context.settings).post<Schedule>(pathOf(service, environment), wanted)
        context.answer(made, describe)
      },
    )
  schedules
    .command('list <service> <environment>')
    .description('what is scheduled, with the next runs')
    .action(async (service: string, environment: string, _options: object, command: Command) => {
      const context = contextOf(command)
      const path = pathOf(service, environment)
      const { data } = await clientOf(context.settings).get<{ data: Schedule[] }>(path)
      context.answer(data, () =>
        table(
          ['NAME', 'TIMES', 'ACTION', 'NEXT', 'LAST'],
          data.map((one) => [one.name, times(one), action(one.action), next(one), last(one)]),
        ),
      )
    })
  for (const [verb, does] of [
    ['pause', 'start nothing until it is resumed'],
    ['resume', 'go on with the next run'],
    ['trigger', 'run it now, also while it is paused'],
  ] as const) {
    schedules
      .command(`${verb} <service> <environment> <name>`)
      .description(does)
      .action(
        async (service: string, environment: string, name: string, _options: object, command: Command) => {
          const context = contextOf(command)
          const path = `${pathOf(service, environment, name)}/${verb}`
          context.answer(await clientOf(context.settings).post<Schedule>(path), describe)
        },
      )
  }
  schedules
    .command('remove <service> <environment> <name>')
    .description('remove it')
    .action(
      async (service: string, environment: string, name: string, _options: object, command: Command) => {
        const context = contextOf(command)
        await clientOf(context.settings).remove(pathOf(service, environment, name))
        context.answer({ removed: name }, () => name)
      },
    )
}

function actionOf({ ref, redeploy, rollback, to }: AddOptions): ScheduleAction {
  const several = [ref !== undefined, redeploy, rollback].filter(Boolean).length > 1
  if (several || (to !== undefined && !rollback))
    throw new CliError('Say one of --ref, --redeploy and --rollback; --to belongs to --rollback.', {
      exitCode: exitCodes.usage,
    })
  if (redeploy) return { kind: 'redeploy' }
  if (rollback) return { kind: 'rollback', ...(to === undefined ? {} : { releaseId: to }) }
  return { kind: 'deploy', ...(ref === undefined ? {} : { ref }) }
}

const times = ({ cron, at, timeZone }: Schedule): string =>
  cron === null ? (at ?? '') : `${cron} ${timeZone}`

const action = (what: ScheduleAction): string =>
  [what.kind, what.kind === 'deploy' ? what.ref : what.kind === 'rollback' ? what.releaseId : undefined]
    .filter(Boolean)
    .join(' ')

const next = ({ paused, nextRuns }: Schedule): string => (paused ? 'paused' : (nextRuns[0] ?? '–'))

const last = ({ lastRun }: Schedule): string => (lastRun ? (lastRun.deploymentId ?? lastRun.note ?? '') : '–')

const describe = (schedule: Schedule): string =>
  [
    `${schedule.serviceId} ${schedule.environment} ${schedule.name}`,
    `  times   ${times(schedule)}`,
    `  action  ${action(schedule.action)}`,
    `  last    ${last(schedule)}`,
    ...(schedule.paused
      ? [`  paused  ${schedule.pausedReason ?? ''}`.trimEnd()]
      : schedule.nextRuns.map((run) => `  next    ${run}`)),
  ].join('\n')
