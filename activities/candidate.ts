import { setTimeout as wait } from 'node:timers/promises'
import { defaultLimits } from '../contract/limits.ts'
import type { Plan } from '../contract/plan.ts'
import type { DeployInput, ReleaseRef } from '../contract/workflows.ts'
import type { Ports } from '../ports/index.ts'
import type { InstanceSpec, InstanceStatus } from '../ports/runtime.ts'
import { exitMessage, hasExited, healthOf, maskedTail } from './health.ts'
import { knock } from './knock.ts'
import { limitMet } from './limit-met.ts'
import { releaseContext } from './release-context.ts'
import { withProfile } from './profile.ts'
import { toolchainOf } from './require-tools.ts'
import { expected } from './typed-failure.ts'

/**
 * Pause between two looks at a candidate that boots, in milliseconds: a tenth of what it has taken so far, so that its
 * first answer is noticed within a tenth of its boot, and a slow one is not asked a thousand times.
 */
const pauseAfter = (tookMs: number): number => Math.min(Math.max(tookMs / 10, 5), 50)

/** The same between two looks at whether it has ended. A look at its files costs several times a knock at its port. */
const lookEvery = 50

/**
 * A candidate that answers must still be there this many milliseconds later: many crashes come right after boot.
 * The reload looks once more, so that before traffic comes it was seen up for as long as migration and reload take.
 */
const settle = 100

type CandidatePorts = Pick<Ports, 'store' | 'secrets' | 'runtime' | 'releases'>

/** Id of the processes that a deployment starts. Not of its release: a rollback starts an old one anew. */
export const instanceId = ({
  serviceId,
  environment,
  number,
}: Pick<ReleaseRef, 'serviceId' | 'environment' | 'number'>) => `${serviceId}/${environment}/${number}`

/** What the candidate runs as, with the variables of its release. */
export async function candidateSpec(
  ports: CandidatePorts,
  input: ReleaseRef,
): Promise<{ spec: InstanceSpec; plan: Plan; variables: Record<string, string>; secretValues: string[] }> {
  const [{ plan, variables, secretValues }, toolchain] = await Promise.all([
    releaseContext(ports, input),
    toolchainOf(ports, input),
  ])
  const root = ports.releases.directory(input)
  const directory = plan.root ? `${root}/${plan.root}` : root
  const spec = {
    id: instanceId(input),
    serviceId: input.serviceId,
    environmentName: input.environment,
    command: withProfile(plan, plan.start.command),
    directory,
    // A plan of an earlier version of Sluice has no path.
    path: [...(plan.path ?? []).map((folder) => `${directory}/${folder}`), ...(toolchain?.folders ?? [])],
    environment: {
      ...toolchain?.environment,
      ...plan.environment,
      ...variables,
      SLUICE_SERVICE: input.serviceId,
      SLUICE_ENVIRONMENT: input.environment,
      SLUICE_DEPLOYMENT: String(input.number),
      SLUICE_RELEASE: String(input.releaseNumber),
    },
    drainMs: plan.drainMs,
    limits: plan.limits ?? defaultLimits,
  }
  return { spec, plan, variables, secretValues }
}

export interface HealthWatch {
  plan: Plan
  /** Masked in what a failure shows of the output. */
  secretValues: string[]
  signal: AbortSignal
  /** Milliseconds it must stay up after its first answer; 0 for one that has proved itself already. */
  settleMs?: number
}

/**
 * Waits until the candidate accepts connections and answers its health path with 2xx, and has stayed up since.
 * @throws ExitedAtBoot, WrongPort, NeverListened, Unhealthy with the last lines of its output
 */
export async function awaitHealthy(
  ports: CandidatePorts,
  input: DeployInput,
  { plan, secretValues, signal, settleMs = settle }: HealthWatch,
): Promise<InstanceStatus> {
  const id = instanceId(input)
  const began = performance.now()
  const passed = () => performance.now() - began
  const fail = async (code: Parameters<typeof expected>[0], message: string) =>
    expected(code, `${message}\n${await maskedTail(ports, id, secretValues)}`.trim())

  const exited = (status: InstanceStatus | undefined) => {
    const limit = status?.lastExit?.limit
    if (!limit) return fail('ExitedAtBoot', exitMessage(status))
    const { code, message } = limitMet(limit, plan.limits)
    return fail(code, `The service ${message}`)
  }

  let lookedAt = 0
  const look = async (): Promise<InstanceStatus> => {
    const status = await ports.runtime.status(id)
    if (!status || hasExited(status)) throw await exited(status)
    lookedAt = passed()
    return status
  }

  let health = 'did not answer'
  let status = await look()
  // The last look begins after the deadline: a host that was busy all the time has not been looked at in time.
  for (;;) {
    const isLast = passed() >= plan.bootTimeoutMs
    signal.throwIfAborted()
    const opens = await knock(status.port)
    const answeredAt = passed()
    if (opens || isLast || answeredAt - lookedAt >= lookEvery) status = await look()
    if (opens && (await ports.runtime.listening(id)).kind === 'listening') {
      health = await healthOf(plan.healthPath, status.port, input, signal)
      if (health === 'ok') {
        if (settleMs === 0) return status
        const upSince = plan.healthPath ? passed() : answeredAt
        await wait(upSince + settleMs - passed(), undefined, { signal })
        return look()
      }
    }
    if (isLast) break
    await wait(pauseAfter(passed()), undefined, { signal })
  }
  const seen = await ports.runtime.listening(id)
  const seconds = plan.bootTimeoutMs / 1000
  const port = (await ports.runtime.status(id))?.port
  if (seen.kind === 'otherPort')
    throw await fail(
      'WrongPort',
      `It listens on ${seen.ports.join(', ')}, but PORT is ${port} (after ${seconds} s).`,
    )
  if (seen.kind === 'silent')
    throw await fail('NeverListened', `Nothing listened on PORT ${port} within ${seconds} s.`)
  throw await fail('Unhealthy', `GET ${plan.healthPath} ${health} for ${seconds} s.`)
}
