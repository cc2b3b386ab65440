import type { z } from '@hono/zod-openapi'
import { variableContext, wholeService } from '../contract/names.ts'
import type { changeVariablesSchema, Variable } from '../contract/service.ts'
import { openVariable } from '../ports/opened-variables.ts'
import type { SealedVariable, VariableChange } from '../ports/store.ts'
import type { AppDeps } from './deps.ts'
import { notFound, Refusal } from './refusal.ts'

type VariableDeps = Pick<AppDeps, 'store' | 'secrets'>

/** Whose variables: an environment's, or with `wholeService` those that all environments of the service inherit. */
export interface VariablesOf {
  serviceId: string
  environment: string
}

/** As with `variables` of an environment. */
const mostVariables = 500

/** With what is inherited, and from where; secrets without their value. By name. */
export async function variablesOf({ store, secrets }: VariableDeps, of: VariablesOf): Promise<Variable[]> {
  const { serviceId, environment } = of
  const rows =
    environment === wholeService
      ? await store.variables.list(serviceId, environment)
      : await store.variables.effective(serviceId, environment)
  return rows.map((row) => ({
    name: row.name,
    secret: row.secret,
    value: row.secret ? null : openVariable(secrets, of, row),
    inheritedFrom: inheritedFrom(serviceId, row),
    updatedAt: row.updatedAt.toISOString(),
  }))
}

/** `shop` for the service itself, `shop/staging` for an environment; null: its own. */
export const inheritedFrom = (serviceId: string, { from }: Pick<SealedVariable, 'from'>): string | null =>
  from === undefined ? null : from === wholeService ? serviceId : `${serviceId}/${from}`

/** Sets some and removes others, all at once. @throws Refusal TooManyVariables */
export async function changeVariables(
  { store, secrets }: VariableDeps,
  { serviceId, environment }: VariablesOf,
  { set, secret, remove }: z.output<typeof changeVariablesSchema>,
): Promise<void> {
  const earlier = await store.variables.list(serviceId, environment)
  const sealed = Object.entries(set).map(([name, value]) => ({
    name,
    sealed: sealedAs(secrets, earlier, variableContext(serviceId, environment, name), name, value),
    secret: secret ?? earlier.find((one) => one.name === name)?.secret ?? true,
  }))
  const change = { set: sealed, remove, most: mostVariables }
  if (!(await store.variables.change(serviceId, environment, change))) throw tooMany()
}

/** Answers it as it is now, and whether it is new here. @throws Refusal TooManyVariables */
export async function putVariable(
  deps: VariableDeps,
  of: VariablesOf,
  { name, value, secret }: { name: string; value: string; secret: boolean },
): Promise<{ variable: Variable; isNew: boolean }> {
  const { store } = deps
  const earlier = await store.variables.list(of.serviceId, of.environment)
  await changeVariables(deps, of, { set: { [name]: value }, secret, remove: [] })
  const variable = (await variablesOf(deps, of)).find((one) => one.name === name)
  if (!variable) throw notFound('Variable', name)
  return { variable, isNew: !earlier.some((one) => one.name === name) }
}

/** @throws Refusal 404 when it has none of that name itself */
export async function removeVariable(
  { store }: Pick<AppDeps, 'store'>,
  { serviceId, environment }: VariablesOf,
  name: string,
): Promise<void> {
  if (!(await store.variables.remove(serviceId, environment, name))) throw notFound('Variable', name)
}

/** A page of what was set and removed, newest first. */
export async function variableChanges(
  { store }: Pick<AppDeps, 'store'>,
  { serviceId, environment }: VariablesOf,
  { name, limit, cursor }: { name?: string | undefined; limit: number; cursor?: string | undefined },
) {
  const before = cursor === undefined ? undefined : Number(cursor)
  const rows = await store.variables.history(serviceId, environment, { name, before, limit: limit + 1 })
  const page = rows.slice(0, limit)
  const nextCursor = rows.length > limit ? String(page.at(-1)!.id) : null
  return { data: page.map(changeView), nextCursor }
}

/** What has the same value keeps its seal, so that it does not count as changed. */
export function sealedAs(
  secrets: AppDeps['secrets'],
  earlier: readonly SealedVariable[],
  context: string,
  name: string,
  value: string,
): string {
  const before = earlier.find((one) => one.name === name)
  try {
    if (before && secrets.open(before.sealed, context) === value) return before.sealed
  } catch {
    // It cannot be read any more, so it is sealed anew.
  }
  return secrets.seal(value, context)
}

const changeView = ({ name, change, secret, version, at }: VariableChange) => ({
  ...{ name, change, secret, version },
  at: at.toISOString(),
})

const tooMany = () =>
  new Refusal(
    422,
    'TooManyVariables',
    `An environment or a service has at most ${mostVariables} variables. Remove one first.`,
  )
