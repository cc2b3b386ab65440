import type { Logger } from 'pino'
import { parseInstanceId, webInstance } from '../contract/instance-id.ts'
import type { ObservedProcess } from '../contract/process.ts'
import type { Ports } from '../ports/index.ts'
import type { InstanceStatus } from '../ports/runtime.ts'

/** Milliseconds between two looks, and after which the same is written again to show that somebody looks. */
const lookEvery = 2_000
const sameAgainAfter = 10_000

type ReportPorts = Pick<Ports, 'runtime' | 'releases' | 'store'>

/** Tells the store what runs of each live release, so that the API can show it. Returns how to end it. */
export function reportProcesses(ports: ReportPorts, log: Logger): () => void {
  const written = new Map<string, { text: string; at: number }>()
  let timer: NodeJS.Timeout | undefined
  let going = true
  let failing = false
  const look = async () => {
    try {
      await report(ports, written)
      failing = false
    } catch (error) {
      // Once per outage; the store's own absence is told by others too.
      if (!failing) log.warn({ error: String(error) }, 'could not report the processes')
      failing = true
    }
    if (going) timer = setTimeout(() => void look(), lookEvery)
  }
  void look()
  return () => {
    going = false
    clearTimeout(timer)
  }
}

/** One look; writes only what has changed, and what was not written for a while. */
export async function report(
  { runtime, releases, store }: ReportPorts,
  written: Map<string, { text: string; at: number }>,
): Promise<void> {
  const [environments, known] = await Promise.all([releases.environments(), runtime.list()])
  for (const { serviceId, environment } of environments) {
    const live = await releases.live(serviceId, environment)
    if (!live) continue
    const processes = known.filter(({ id }) => webInstance(id) === live.instance).map(observed)
    const text = JSON.stringify([live.number, processes])
    const before = written.get(live.instance)
    if (before?.text === text && performance.now() - before.at < sameAgainAfter) continue
    await store.processes.observed(serviceId, environment, { number: live.number, processes })
    written.set(live.instance, { text, at: performance.now() })
  }
  for (const id of written.keys()) if (!known.some((one) => one.id === id)) written.delete(id)
}

const observed = ({
  id,
  state,
  pid,
  port,
  restarts,
  lastExit,
  startedAt,
}: InstanceStatus): ObservedProcess => ({
  name: parseInstanceId(id)!.process,
  state,
  pid,
  port: port === 0 ? null : port,
  restarts,
  lastExit,
  startedAt,
})
