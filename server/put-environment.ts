import { variableContext } from '../contract/names.ts'
import type { PutEnvironment } from '../contract/service.ts'
import type { Caller } from '../contract/token.ts'
import { Taken, type EnvironmentRow, type Inheritance, type SealedVariable } from '../ports/store.ts'
import type { AppDeps } from './deps.ts'
import { Refusal } from './refusal.ts'
import { sealedAs } from './variables.ts'

/**
 * Creates or changes an environment; what the change leaves out stays as it is. `caller` is not told of other services
 * than its own. With `preview` it is a pull request's, and only such a one is changed.
 * @throws Refusal ValidationFailed, DomainTaken
 */
export async function putEnvironment(
  deps: Pick<AppDeps, 'store' | 'settings' | 'secrets'>,
  serviceId: string,
  environment: string,
  change: PutEnvironment,
  caller: Caller,
  preview?: Inheritance,
): Promise<{ row: EnvironmentRow; created: boolean }> {
  requireFreeHosts(deps, change.domains ?? [])
  const put = await putRow(deps, serviceId, environment, change, caller, preview)
  if (change.variables) await replaceVariables(deps, put.row, change.variables)
  return put
}

async function putRow(
  { store, settings }: Pick<AppDeps, 'store' | 'settings'>,
  serviceId: string,
  environment: string,
  change: PutEnvironment,
  caller: Caller,
  preview: Inheritance | undefined,
) {
  const earlier = await store.environments.find(serviceId, environment)
  try {
    return await store.environments.put({
      serviceId,
      environment,
      branch: change.branch,
      domains: [...new Set(change.domains ?? earlier?.domains ?? [])],
      autoDeploy: change.autoDeploy ?? earlier?.autoDeploy ?? false,
      config: change.config ?? earlier?.config ?? {},
      host: earlier?.host ?? settings.host,
      queue: change.queue === undefined ? (earlier?.queue ?? null) : change.queue,
      approvalTimeout:
        change.approval === undefined
          ? (earlier?.approvalTimeout ?? null)
          : change.approval && change.approval.within * 1000,
      freezes: change.freezes ?? earlier?.freezes ?? [],
      ...(preview ? { preview } : {}),
    })
  } catch (error) {
    if (error instanceof Taken) throw domainTaken(caller.serviceId === null ? error.message : taken)
    throw error
  }
}

async function replaceVariables(
  { store, secrets }: Pick<AppDeps, 'store' | 'secrets'>,
  { serviceId, environment }: EnvironmentRow,
  values: Record<string, string>,
): Promise<void> {
  const earlier = await store.variables.list(serviceId, environment)
  const plain = new Set(earlier.filter(({ secret }) => !secret).map(({ name }) => name))
  const sealed = Object.entries(values).map(([name, value]): SealedVariable => ({
    name,
    sealed: sealedAs(secrets, earlier, variableContext(serviceId, environment, name), name, value),
    secret: !plain.has(name),
  }))
  await store.variables.replace(serviceId, environment, sealed)
}

function requireFreeHosts({ settings }: Pick<AppDeps, 'settings'>, domains: readonly string[]): void {
  const own = new URL(settings.url).hostname
  if (domains.includes(own)) throw domainTaken(`${own} belongs to Sluice itself`)
}

const taken = 'One of the domains, or the host name that comes with the name, is taken'

const domainTaken = (why: string) =>
  new Refusal(409, 'DomainTaken', `${why}. Choose another domain, or take it away from there first.`)
