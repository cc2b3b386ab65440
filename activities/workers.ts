import { setTimeout as wait } from 'node:timers/promises'
import { defaults } from '../contract/defaults.ts'
import { isWeb, parseInstanceId, webProcess } from '../contract/instance-id.ts'
import type { Plan } from '../contract/plan.ts'
import type { DeployInput, ReleaseRef } from '../contract/workflows.ts'
import type { Ports } from '../ports/index.ts'
import type { LiveRelease } from '../ports/releases.ts'
import { StaleFence } from '../ports/router.ts'
import type { InstanceSpec, InstanceStatus, Runtime } from '../ports/runtime.ts'
import { candidateSpec, instanceId } from './candidate.ts'
import { exitMessage, hasExited, maskedTail } from './health.ts'
import { keepWorkerSpecs, keptWorkers } from './kept-spec.ts'
import { limitMet } from './limit-met.ts'
import { withProfile } from './profile.ts'
import { expected } from './typed-failure.ts'

/** Milliseconds between two looks at a worker that boots. */
const lookEvery = 100

/** Names in a Procfile that are hooks, and none that run on. */
const hooks = ['release', 'postdeploy']

/** The processes of a release that run beside its web process. */
export const workerNames = ({ processes }: Pick<Plan, 'processes'>): string[] =>
  Object.keys(processes).filter((name) => name !== webProcess && !hooks.includes(name))

/** The same variables, folder and limits as web, but no port. */
export const workerSpecs = (web: InstanceSpec, plan: Plan): InstanceSpec[] =>
  workerNames(plan).map((name) => ({
    ...web,
    id: `${web.id}/${name}`,
    command: withProfile(plan, plan.processes[name]!.command),
    listens: false,
  }))

type WorkerPorts = Pick<Ports, 'store' | 'secrets' | 'runtime' | 'releases'>

/**
 * Starts the workers of the candidate and watches them boot. Which there are is noted first, so that whoever comes
 * later knows what should run. Safe to repeat: those that run are left alone.
 * @throws StaleFence, WorkerExited, OutOfMemory, TooManyProcesses with the last lines of its output
 */
export async function bootWorkers(
  ports: WorkerPorts,
  input: DeployInput,
  planned: Plan,
  signal: AbortSignal,
): Promise<string[]> {
  if (workerNames(planned).length === 0) return []
  const { serviceId, environment } = input
  const live = await ports.releases.live(serviceId, environment)
  // A late attempt: the router would refuse it too, but only after two versions had run side by side.
  if (live && live.number > input.number)
    throw new StaleFence(`${serviceId}/${environment}`, { deployment: live.number, revision: 0 })
  const { spec, plan, secretValues } = await candidateSpec(ports, input)
  const specs = workerSpecs(spec, plan)
  await keepWorkerSpecs(ports, input, specs)
  await Promise.all(specs.map((one) => ports.runtime.start(one)))
  await Promise.all(specs.map(({ id }) => watchBoot(ports, id, { plan, secretValues, signal })))
  return workerNames(plan)
}

/** A process that ends by itself is no worker, whatever its exit status. */
async function watchBoot(
  ports: WorkerPorts,
  id: string,
  { plan, secretValues, signal }: { plan: Plan; secretValues: string[]; signal: AbortSignal },
): Promise<void> {
  const until = performance.now() + Math.min(defaults.workerWatch, plan.bootTimeoutMs)
  do {
    const status = await ports.runtime.status(id)
    if (!status || hasExited(status)) {
      const { code, message } = deathOf(id, status, plan)
      throw expected(code, `${message}\n${await maskedTail(ports, id, secretValues)}`.trim())
    }
    await wait(lookEvery, undefined, { signal })
  } while (performance.now() < until)
}

function deathOf(id: string, status: InstanceStatus | undefined, plan: Plan) {
  const name = parseInstanceId(id)?.process ?? id
  const limit = status?.lastExit?.limit
  if (!limit) return { code: 'WorkerExited' as const, message: exitMessage(status, `The process ${name}`) }
  const { code, message } = limitMet(limit, plan.limits)
  return { code, message: `The process ${name} ${message}` }
}

/** Why a worker of this deployment counts as dead, and which; undefined while all of them are up. */
export async function deadWorker(
  runtime: Pick<Runtime, 'status'>,
  input: ReleaseRef,
  plan: Plan,
): Promise<{ id: string; message: string } | undefined> {
  for (const name of workerNames(plan)) {
    const id = `${instanceId(input)}/${name}`
    const status = await runtime.status(id)
    if (!status || hasExited(status)) return { id, message: exitMessage(status, `The process ${name}`) }
  }
  return undefined
}

/**
 * The workers of earlier deployments end, once this one is live: SIGTERM, their drain time, SIGKILL. They stay known, so
 * that an undo can bring them back; the cleanup forgets them.
 */
export async function endOlderWorkers(
  { runtime, releases }: Pick<Ports, 'runtime' | 'releases'>,
  { serviceId, environment, number }: ReleaseRef,
  drainMs: number,
): Promise<void> {
  if ((await releases.live(serviceId, environment))?.number !== number) return
  const known = await runtime.list(`${serviceId}/${environment}`)
  const old = known.filter(({ id }) => !isWeb(id) && parseInstanceId(id)!.number < number)
  await Promise.all(old.map(({ id }) => runtime.halt(id, drainMs)))
}

/** Brings back the workers of what is live again. What cannot be brought back now is retried by the comparison. */
export async function reviveWorkers(
  ports: WorkerPorts,
  { serviceId, environment }: Pick<ReleaseRef, 'serviceId' | 'environment'>,
  live: LiveRelease,
  specOf: (id: string) => Promise<InstanceSpec | undefined>,
): Promise<void> {
  const names = await keptWorkers(ports, { serviceId, environment }, live)
  await Promise.allSettled(
    names.map(async (name) => {
      const id = `${live.instance}/${name}`
      await ports.runtime.revive(id, () => specOf(id))
    }),
  )
}

/** Ends the workers of a deployment, and forgets them. */
export async function stopWorkers(runtime: Runtime, web: string, graceMs: number): Promise<void> {
  const workers = idsOf(await runtime.list(web), web)
  await Promise.all(workers.map((id) => runtime.stop(id, graceMs)))
}

/** Ends all processes of a deployment; those that come up meanwhile find it closed or are ended after. */
export async function stopProcesses(runtime: Runtime, id: string, graceMs: number): Promise<void> {
  await Promise.all([runtime.stop(id, graceMs), stopWorkers(runtime, id, graceMs)])
  await stopWorkers(runtime, id, graceMs)
}

const idsOf = (known: InstanceStatus[], web: string): string[] =>
  known.map(({ id }) => id).filter((id) => id !== web)
