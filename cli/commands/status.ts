import type { Command } from 'commander'
import { shortCommit } from '../../contract/archive-ref.ts'
import type { Deployment } from '../../contract/deployment.ts'
import type { Environment, Service } from '../../contract/service.ts'
import { clientOf, type Client } from '../client.ts'
import { contextOf, type Context } from '../context.ts'
import { findDeployment } from '../deployment-id.ts'
import { failureLines } from '../outcome-text.ts'
import { environmentPath } from '../paths.ts'
import { stepTree } from '../step-tree.ts'
import { table } from '../table.ts'

export function register(program: Command): void {
  program
    .command('status [deployment] [environment]')
    .description('show every environment, or one deployment (an id, or a service for its newest one)')
    .action(
      async (
        which: string | undefined,
        environment: string | undefined,
        _options: object,
        command: Command,
      ) => {
        const context = contextOf(command)
        const client = clientOf(context.settings)
        if (which === undefined) return await showAll(context, client)
        const deployment = await findDeployment(client, which, environment)
        context.answer(deployment, () => oneDeployment(context, deployment))
      },
    )
}

function oneDeployment(context: Context, deployment: Deployment): string {
  const { colors } = context
  const tree = stepTree(deployment, {
    colors,
    now: Date.now(),
    frame: 0,
    columns: process.stdout.columns || 100,
  })
  const facts = [
    ['id', deployment.id],
    [
      'commit',
      deployment.commitSha && `${shortCommit(deployment.commitSha, 12)} ${deployment.commitMessage ?? ''}`,
    ],
    ['trigger', deployment.trigger],
    ['url', deployment.serviceUrl],
    ['Temporal', deployment.temporalUrl],
  ].filter(([, value]) => value)
  const failed = deployment.status === 'FAILED' ? ['', ...failureLines(deployment, context)] : []
  return [
    ...tree,
    '',
    ...facts.map(([name, value]) => `  ${colors.dim(name!.padEnd(10))}${value}`),
    ...failed,
  ].join('\n')
}

interface Row {
  service: string
  environment: Environment
  newest: Deployment | undefined
}

async function showAll(context: Context, client: Client): Promise<void> {
  const { data: services } = await client.get<{ data: Service[] }>('/v1/services')
  const pairs = services.flatMap(({ serviceId, environments }) =>
    environments.map((name) => [serviceId, name] as const),
  )
  const rows = await Promise.all(pairs.map(([service, environment]) => rowOf(client, service, environment)))
  context.answer(rows, () => (rows.length === 0 ? nothingYet : allEnvironments(rows)))
}

const nothingYet = 'No service has an environment yet. Add one with `sluice service add <name> <repository>`.'

async function rowOf(client: Client, service: string, name: string): Promise<Row> {
  const query = new URLSearchParams({ serviceId: service, environment: name, limit: '1' })
  const [environment, { data }] = await Promise.all([
    client.get<Environment>(environmentPath(service, name)),
    client.get<{ data: Deployment[] }>(`/v1/deployments?${query.toString()}`),
  ])
  return { service, environment, newest: data[0] }
}

const allEnvironments = (rows: Row[]): string =>
  table(
    ['SERVICE', 'ENVIRONMENT', 'LIVE', 'COMMIT', 'NEWEST', 'URL'],
    rows.map(({ service, environment: { environment, live, serviceUrl }, newest }) => [
      service,
      environment,
      live ? `#${live.number}` : '–',
      live?.commitSha ? shortCommit(live.commitSha, 12) : '–',
      newest ? `#${newest.number} ${newest.status}` : '–',
      live ? serviceUrl : '–',
    ]),
  )
