import type { Command } from 'commander'
import type { z } from 'zod'
import { harmlessText } from '../contract/harmless-text.ts'
import type { Variable, variableChangeSchema } from '../contract/service.ts'
import { clientOf } from './client.ts'
import { contextOf } from './context.ts'
import { environmentPath, servicePath } from './paths.ts'
import { table } from './table.ts'
import { readVariables } from './variables.ts'

export type VariableChange = z.infer<typeof variableChangeSchema>

/** `env list`, and `env service …`: the variables that all environments of a service inherit. */
export function registerServiceVariables(env: Command): void {
  env
    .command('list <service> [environment]')
    .description('the variables of an environment, also those it inherits; without one, those of the service')
    .action(async (service: string, environment: string | undefined, _options: object, command: Command) => {
      const context = contextOf(command)
      const path = environment === undefined ? servicePath(service) : environmentPath(service, environment)
      const { data } = await clientOf(context.settings).get<{ data: Variable[] }>(`${path}/variables`)
      context.answer(data, () => variableTable(data))
    })
  const shared = env
    .command('service')
    .description('change the variables that all environments of a service inherit')
  shared
    .command('set <service> <variables...>')
    .description('set variables, all at once; an environment that has one of that name keeps its own')
    .option('--plain', 'they are no secrets: their values may be shown')
    .action((service: string, given: string[], options: { plain?: boolean }, command: Command) =>
      change(service, setBody(readVariables(given, undefined), options), command),
    )
  shared
    .command('import <service> <file>')
    .description('set the variables of a dotenv file, all at once')
    .option('--plain', 'they are no secrets: their values may be shown')
    .action((service: string, file: string, options: { plain?: boolean }, command: Command) =>
      change(service, setBody(readVariables([], file), options), command),
    )
  shared
    .command('unset <service> <names...>')
    .description('remove variables, all at once')
    .action((service: string, names: string[], _options: object, command: Command) =>
      change(service, { remove: names }, command),
    )
  shared
    .command('history <service> [name]')
    .description('when variables were set and removed; never their values')
    .action((service: string, name: string | undefined, _options: object, command: Command) =>
      showHistory(servicePath(service), name, command),
    )
}

/** Of a service or an environment, by its path. */
export async function showHistory(path: string, name: string | undefined, command: Command): Promise<void> {
  const context = contextOf(command)
  const query = new URLSearchParams({ limit: '200', ...(name === undefined ? {} : { name }) })
  const { data } = await clientOf(context.settings).get<{ data: VariableChange[] }>(
    `${path}/variable-changes?${query.toString()}`,
  )
  context.answer(data, () =>
    table(
      ['TIME', 'NAME', 'VERSION', 'CHANGE'],
      data.map((one) => [one.at, one.name, String(one.version), one.change]),
    ),
  )
}

export const setBody = (set: Record<string, string>, { plain }: { plain?: boolean }) => ({
  set,
  ...(plain ? { secret: false } : {}),
})

async function change(service: string, body: object, command: Command): Promise<void> {
  const context = contextOf(command)
  const path = `${servicePath(service)}/variables`
  const { data } = await clientOf(context.settings).patch<{ data: Variable[] }>(path, body)
  context.answer(data, () => variableTable(data))
  context.note(`To apply them where something is live: sluice restart ${service} <environment>`)
}

const variableTable = (variables: Variable[]): string =>
  table(
    ['NAME', 'VALUE', 'FROM'],
    variables.map(({ name, value, inheritedFrom }) => [
      name,
      value === null ? '(secret)' : harmlessText(value),
      inheritedFrom ?? '',
    ]),
  )
