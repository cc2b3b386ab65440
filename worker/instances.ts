import type { Logger } from 'pino'
import { candidateSpec } from '../activities/candidate.ts'
import { deploymentId, parseReleaseNumber } from '../contract/names.ts'
import type { Ports } from '../ports/index.ts'
import type { InstanceSpec, Runtime } from '../ports/runtime.ts'

/** Brings back what should run here: after a reboot nothing does, after a restart of the agent all of it still does. */
export async function restoreInstances(ports: Ports, log: Logger): Promise<void> {
  try {
    const running = await ports.runtime.restore((id) => specOf(ports, id))
    for (const { id, port, state } of running) log.info({ id, port, state }, 'runs')
  } catch (error) {
    log.error({ error: String(error) }, 'could not bring back all services')
  }
}

/**
 * What an instance runs as; undefined when it should not run any more: its deployment has ended and is not live.
 * One whose deployment is under way is left as it is, that deployment decides.
 */
async function specOf(ports: Ports, id: string): Promise<InstanceSpec | undefined> {
  const [serviceId, environment, number] = id.split('/')
  if (!serviceId || !environment || !number) return undefined
  const deployment = await ports.store.deployments.find(deploymentId(serviceId, environment, Number(number)))
  if (!deployment) return undefined
  const live = await ports.releases.live(serviceId, environment)
  const underWay = deployment.status === 'RUNNING' || deployment.status === 'QUEUED'
  if (live?.instance !== id && !underWay) return undefined
  const releaseNumber = parseReleaseNumber(deployment.releaseId ?? '') ?? deployment.number
  const release = { serviceId, environment, number: deployment.number, deploymentId: deployment.id, releaseNumber }
  return (await candidateSpec(ports, release)).spec
}

/** Milliseconds between two looks at the logs of running services. */
const trimEvery = 1000

export function keepLogsTrimmed(runtime: Runtime, log: Logger): () => void {
  let busy = false
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    runtime
      .trimLogs()
      .catch((error: unknown) => log.warn({ error: String(error) }, 'could not trim the logs'))
      .finally(() => {
        busy = false
      })
  }, trimEvery)
  return () => clearInterval(timer)
}

/** For `sluice down`: each gets its drain time. */
export async function stopAllInstances(runtime: Runtime, log: Logger): Promise<void> {
  const instances = await runtime.list()
  await Promise.all(
    instances.map(async ({ id }) => {
      await runtime.stop(id, stopGrace)
      log.info({ id }, 'stopped')
    }),
  )
}

/** Milliseconds; the router is down already, so nothing is in flight. */
const stopGrace = 10_000
