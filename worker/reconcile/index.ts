import type { Logger } from 'pino'
import { differences, type Repair } from './difference.ts'
import { mentioned, observe, within } from './observation.ts'
import { carryOut, type HostPorts } from './repair.ts'
import { keyOf, learn, type EndedDeployments, type EnvironmentKey } from './standing.ts'

/** Milliseconds between two passes. */
const passEvery = 60_000

/** Deployments whose end is remembered; a few hundred bytes each. */
const mostRemembered = 5_000

/**
 * Makes the host what store and live pointers say: brings back what should run, repairs routes, removes what deployments
 * that have ended left behind. Returns how to end it.
 */
export function keepReconciled(ports: HostPorts, log: Logger): () => void {
  const ended: EndedDeployments = new Map()
  let timer: NodeJS.Timeout | undefined
  let going = true
  const pass = async () => {
    if (ended.size > mostRemembered) ended.clear()
    try {
      await reconcile(ports, log, ended)
    } catch (error) {
      // Without the store nothing is known, so nothing was touched.
      log.warn({ error: String(error) }, 'could not compare the host with the store')
    }
    if (going) timer = setTimeout(() => void pass(), passEvery)
  }
  void pass()
  return () => {
    going = false
    clearTimeout(timer)
  }
}

/** One pass. Answers what was put right. @throws Error when store or disk cannot be read; then nothing was touched */
export async function reconcile(
  ports: HostPorts,
  log: Logger,
  ended: EndedDeployments = new Map(),
): Promise<Repair[]> {
  const wanted = await look(ports, ended)
  // What serves comes first: a drain takes its time, and what still has a route cannot be drained.
  const [serving, removing] = [true, false].map((serves) => wanted.filter((one) => isServing(one) === serves))
  const done: Repair[] = []
  for (const phase of [serving!, removing!])
    await Promise.all(
      phase.map(async (repair) => {
        if (await putRight(ports, log, repair)) done.push(repair)
      }),
    )
  const freed = await ports.runtime.tidy()
  if (freed.length > 0)
    log.info({ repair: 'ports', what: freed.join(', '), why: 'no instance has them' }, 'put right')
  return done
}

const isServing = ({ kind }: Repair): boolean => ['revive', 'route', 'unroute'].includes(kind)

/** Everything is looked at once more right before it is touched: a deployment may have come meanwhile. */
async function putRight(ports: HostPorts, log: Logger, repair: Repair): Promise<boolean> {
  const { kind, why } = repair
  const what = 'id' in repair ? repair.id : keyOf(repair)
  try {
    const still = (await look(ports, new Map(), repair)).some((one) => isSame(one, repair))
    if (!still) return false
    await carryOut(ports, repair)
    log.info({ repair: kind, what, why }, 'put right')
    return true
  } catch (error) {
    log.warn({ repair: kind, what, why, error: String(error) }, 'could not be put right')
    return false
  }
}

const isSame = (a: Repair, b: Repair): boolean =>
  a.kind === b.kind && keyOf(a) === keyOf(b) && ('id' in a ? a.id : '') === ('id' in b ? b.id : '')

/**
 * Compares, all of it or one environment. What is under way is asked for before the host is looked at and again after
 * it: one that ends in between must not look like one that has left something behind.
 */
async function look(ports: HostPorts, ended: EndedDeployments, of?: EnvironmentKey): Promise<Repair[]> {
  const before = await ports.store.deployments.unfinished()
  const all = await observe(ports)
  const seen = of ? within(all, of) : all
  return differences(seen, await learn(ports.store, mentioned(seen), before, ended))
}
