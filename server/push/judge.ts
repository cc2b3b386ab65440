import { refSchema } from '../../contract/service.ts'
import type { Finding } from '../../contract/deployment.ts'
import type { RefUpdate, Tell } from '../../ports/pushed-repositories.ts'
import type { EnvironmentRow, PushRow, ServiceRow } from '../../ports/store.ts'
import { findingsFor, requireAdmitted } from '../accept-deployment.ts'
import { refusalFor } from '../problems.ts'
import type { PushDeps } from './index.ts'

type Deployed = Pick<PushRow, 'environment' | 'branch' | 'commitSha'>

/**
 * Whether all of a push may be accepted, and what is deployed by it. Everything that is in the way is told; then
 * nothing changes, and the same push can be made again.
 * @returns undefined when it is refused
 */
export async function judgePush(
  deps: PushDeps,
  service: ServiceRow,
  updates: readonly RefUpdate[],
  tell: Tell,
): Promise<Deployed[] | undefined> {
  try {
    const environments = await deps.store.environments.list(service.serviceId)
    const wrong = updates.flatMap((update) => wrongRef(update, environments) ?? [])
    const wanted = deployedBy(updates, environments)
    if (wrong.length === 0 && wanted.length > 0) {
      await deps.lanes.ping()
      for (const one of wanted) wrong.push(...(await obstacles(deps, service, one)))
    }
    for (const line of wrong) await tell(line)
    if (wrong.length > 0) await tell('Nothing has changed.')
    return wrong.length > 0
      ? undefined
      : wanted.map(({ row, branch, commitSha }) => ({ environment: row.environment, branch, commitSha }))
  } catch (error) {
    deps.log.error({ err: error, serviceId: service.serviceId }, 'a push could not be judged')
    await tell(refusalFor(error as Error).message)
    await tell('Nothing has changed: push again then.')
    return undefined
  }
}

/** @returns a sentence about what is wrong with it */
function wrongRef({ ref, after }: RefUpdate, environments: readonly EnvironmentRow[]): string | undefined {
  const name = /^refs\/(?:heads|tags)\/(.+)$/.exec(ref)?.[1]
  if (name === undefined) return `${shown(ref)} is neither a branch nor a tag.`
  const parsed = refSchema.safeParse(name)
  // What is there already under such a name may go.
  if (!parsed.success && after !== null)
    return `${shown(ref)}: the name ${parsed.error.issues[0]?.message ?? 'is wrong'}.`
  const using = environments.find(({ branch }) => ref === `refs/heads/${branch}`)
  if (after === null && using) {
    return `${name} cannot be deleted: ${using.environment} is deployed from it. Give that another branch first.`
  }
  return undefined
}

const shown = (ref: string) => JSON.stringify(ref.slice(0, 200))

function deployedBy(updates: readonly RefUpdate[], environments: readonly EnvironmentRow[]): Wanted[] {
  return updates.flatMap(({ ref, after }) =>
    environments
      .filter(({ branch }) => after !== null && ref === `refs/heads/${branch}`)
      .map((row) => ({ row, branch: row.branch, commitSha: after! })),
  )
}

type Wanted = Omit<Deployed, 'environment'> & { row: EnvironmentRow }

async function obstacles(
  deps: PushDeps,
  service: ServiceRow,
  { row, branch, commitSha }: Wanted,
): Promise<string[]> {
  const wish = { service, environment: row, trigger: 'push', by: 'push', ref: branch, commitSha } as const
  requireAdmitted(deps, wish)
  const findings = await findingsFor(deps, wish)
  if (findings.length === 0) return []
  return [`${row.environment} cannot be deployed:`, ...findings.flatMap(linesOf(deps))]
}

const linesOf =
  ({ settings }: PushDeps) =>
  ({ code, message, fix, link }: Finding): string[] => [
    `  ✗ ${code}: ${message}`,
    ...(fix ? [`    ${fix}`] : []),
    `    ${new URL(link, settings.url).href}`,
  ]
