import { Option, type Command } from 'commander'
import { queuePolicies, type QueuePolicy } from '../../contract/queue-policy.ts'
import type { Environment, PutEnvironment } from '../../contract/service.ts'
import { ApiProblem } from '../api-problem.ts'
import { clientOf, type Client } from '../client.ts'
import { contextOf } from '../context.ts'
import { parseDuration } from '../durations.ts'
import { environmentPath } from '../paths.ts'
import { registerServiceVariables, setBody, showHistory } from '../service-variables.ts'
import { readVariables } from '../variables.ts'

interface SetOptions {
  branch?: string
  domain?: string[]
  autoDeploy?: boolean
  queue?: QueuePolicy
  /** Milliseconds; false: none is needed. */
  approval?: number | false
  envFile?: string
  plain?: boolean
}

const variableHelp = `
A variable is NAME=value; NAME alone takes the value from this command's own environment, so that it does not show in
the list of processes; NAME=@file takes it from a file, NAME=- from standard input. A release keeps the variables that
it was built with: deploy to apply a change.`

export function register(program: Command): void {
  const env = program.command('env').description('add and change environments and their variables')
  registerVariables(env)
  registerServiceVariables(env)
  env
    .command('set <service> <environment> [variables...]')
    .description('add an environment or change it: what is not named stays')
    .option('--branch <branch>', 'that it is deployed from (main for a new one)')
    .option('--domain <domain...>', 'host names in addition to <service>.localhost; replaces them')
    .option('--auto-deploy', 'deploy on each push')
    .option('--no-auto-deploy', 'deploy only when asked')
    .addOption(
      new Option('--queue <policy>', 'what becomes of deployments that wait').choices([...queuePolicies]),
    )
    .option('--approval <duration>', 'wait at most this long for `sluice approve`', parseDuration)
    .option('--no-approval', 'wait for no approval')
    .option('--env-file <file>', 'variables from a file with lines NAME=value')
    .option('--plain', 'the variables are no secrets: their values may be shown')
    .addHelpText('after', variableHelp)
    .action(async (service: string, name: string, given: string[], options: SetOptions, command: Command) => {
      const context = contextOf(command)
      const client = clientOf(context.settings)
      const variables = readVariables(given, options.envFile)
      const path = environmentPath(service, name)
      const environment = await putEnvironment(client, path, options)
      for (const [variable, value] of Object.entries(variables)) {
        const route = `${path}/variables/${encodeURIComponent(variable)}`
        await client.put(route, { value, secret: options.plain !== true })
      }
      const now = await client.get<Environment>(path)
      context.answer(now, () => describe(now))
      if (environment.live && Object.keys(variables).length > 0) {
        context.note(`To apply the variables: sluice restart ${service} ${name}`)
      }
    })
}

function registerVariables(env: Command): void {
  env
    .command('import <service> <environment> <file>')
    .description('set the variables of a dotenv file, all at once')
    .option('--plain', 'they are no secrets: their values may be shown')
    .action(
      async (service: string, name: string, file: string, options: { plain?: boolean }, command: Command) => {
        await changeVariables(service, name, setBody(readVariables([], file), options), command)
      },
    )
  env
    .command('unset <service> <environment> <names...>')
    .description('remove variables, all at once')
    .action(async (service: string, name: string, names: string[], _options: object, command: Command) =>
      changeVariables(service, name, { remove: names }, command),
    )
  env
    .command('history <service> <environment> [name]')
    .description('when variables were set and removed; never their values')
    .action(
      (service: string, environment: string, name: string | undefined, _options: object, command: Command) =>
        showHistory(environmentPath(service, environment), name, command),
    )
}

async function changeVariables(service: string, name: string, body: object, command: Command): Promise<void> {
  const context = contextOf(command)
  const client = clientOf(context.settings)
  const path = environmentPath(service, name)
  await client.patch(`${path}/variables`, body)
  const now = await client.get<Environment>(path)
  context.answer(now, () => describe(now))
  if (now.pendingChanges.length > 0) context.note(`To apply them: sluice restart ${service} ${name}`)
}

/** Adds it, or changes what the options name. An existing one is left alone when they name nothing. */
async function putEnvironment(client: Client, path: string, options: SetOptions): Promise<Environment> {
  const existing = await client.get<Environment>(path).catch((error: unknown) => {
    if (error instanceof ApiProblem && error.problem.code === 'EnvironmentNotFound') return undefined
    throw error
  })
  const { branch, domain, autoDeploy, queue } = options
  const approval = approvalOf(options)
  const named = [branch, domain, autoDeploy, queue, approval]
  if (existing && named.every((one) => one === undefined)) return existing
  // PUT replaces what it is not told, except for the variables: so it is told everything.
  const wanted: PutEnvironment = {
    branch: branch ?? existing?.branch ?? 'main',
    domains: domain ?? existing?.domains ?? [],
    autoDeploy: autoDeploy ?? existing?.autoDeploy ?? false,
    ...(existing ? { config: existing.config } : {}),
    ...(queue === undefined ? {} : { queue }),
    ...(approval === undefined ? {} : { approval }),
  }
  return await client.put<Environment>(path, wanted)
}

function approvalOf({ approval }: SetOptions): PutEnvironment['approval'] {
  if (approval === undefined || (approval as unknown) === true) return undefined
  return approval === false ? null : { within: Math.ceil(approval / 1000) }
}

const describe = ({
  serviceId,
  environment,
  branch,
  domains,
  variables,
  serviceUrl,
  hold,
}: Environment): string =>
  [
    `${serviceId} ${environment}`,
    `  branch     ${branch}`,
    `  url        ${serviceUrl}`,
    ...(hold ? [`  held       ${hold.reason}`] : []),
    ...(domains.length > 0 ? [`  domains    ${domains.join(', ')}`] : []),
    `  variables  ${variables.map(({ name }) => name).join(', ') || 'none'}`,
  ].join('\n')
