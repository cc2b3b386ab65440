import { createHash } from 'node:crypto'
import { runContext, variableContext } from '../contract/names.ts'
import { parseReleaseNumber } from '../contract/names.ts'
import type { RunRow } from '../ports/run-store.ts'
import type { EnvironmentRow, StoredRelease } from '../ports/store.ts'
import type { AppDeps } from './deps.ts'
import { Refusal } from './refusal.ts'

/** From what makes the request safe to repeat: the same request is the same run. */
export const runIdOf = (enqueueId: string): string =>
  `run_${createHash('sha256').update(enqueueId).digest('hex').slice(0, 24)}`

/**
 * Notes a run in the live release and hands it over. When that fails nothing of it stays.
 * @throws Refusal NothingLive. @throws LanesUnavailable, RunsUnavailable
 */
export async function startRun(
  { store, secrets, lanes, runs }: Pick<AppDeps, 'store' | 'secrets' | 'lanes' | 'runs'>,
  { serviceId, environment, host, live }: EnvironmentRow,
  { id, command, by }: { id: string; command: string; by: string },
): Promise<RunRow> {
  const release = live && (await store.releases.find(live.releaseId, live.deploymentId))
  if (!live || !release) throw nothingLive(serviceId, environment)
  // What is sent to a frozen server would take effect long after the caller has given up.
  await lanes.ping()
  const run = await store.runs.create({
    id,
    ...{ serviceId, environment, host },
    ...{ kind: 'run', cronName: null, requestedBy: by },
    command: shown(secrets, release, { serviceId, environment }, command),
    sealedCommand: secrets.seal(command, runContext(serviceId, id)),
    ...{ deploymentId: live.deploymentId, releaseId: live.releaseId, number: live.number },
    releaseNumber: parseReleaseNumber(live.releaseId) ?? live.number,
  })
  try {
    await runs.start(run)
  } catch (error) {
    if (await store.runs.withdraw(id)) throw error
  }
  return run
}

/** Without the values of secret variables, which people paste into commands. */
function shown(
  secrets: AppDeps['secrets'],
  { sealedVariables }: StoredRelease,
  { serviceId, environment }: { serviceId: string; environment: string },
  command: string,
): string {
  const values = sealedVariables
    .filter(({ secret }) => secret)
    .map(({ name, sealed }) => secrets.open(sealed, variableContext(serviceId, environment, name)))
  const mask = secrets.mask(values)
  return mask.push(command) + mask.flush()
}

const nothingLive = (serviceId: string, environment: string) =>
  new Refusal(
    409,
    'NothingLive',
    `Nothing of ${serviceId}/${environment} is live, so there is no release to run it in. Deploy it.`,
  )
