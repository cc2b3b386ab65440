import { setTimeout as sleep } from 'node:timers/promises'
import type { TargetLoad } from '../contract/routing.ts'
import type { ControlSocket } from './control-socket.ts'
import type { Targets } from './targets.ts'
import type { Traffic } from './traffic.ts'

/** How often a process that is leaving is asked again. */
const pollMs = 50

/** In-flight work of a target, in this process and in those that are leaving. */
export async function loadOf(
  instance: string,
  targets: Targets,
  control: ControlSocket,
): Promise<TargetLoad> {
  const own = targets.loadOf(instance)
  const elsewhere = await control.loadElsewhere(instance)
  return { requests: own.requests + elsewhere.requests, tunnels: own.tunnels + elsewhere.tunnels }
}

/**
 * Waits until a target that is no longer routed has nothing in flight, at most `limitMs`, and cuts the rest.
 * Resolves to what was cut, or to undefined when it is routed again. When nobody waits for it any more, nothing is cut.
 */
export async function drain(
  instance: string,
  limitMs: number,
  traffic: Pick<Traffic, 'targets' | 'isRouted'>,
  control: ControlSocket,
  signal: AbortSignal,
): Promise<TargetLoad | undefined> {
  const { targets } = traffic
  const deadline = Date.now() + limitMs
  for (;;) {
    const own = targets.loadOf(instance)
    const load = await loadOf(instance, targets, control)
    if (traffic.isRouted(instance)) return undefined
    if (load.requests + load.tunnels === 0 || signal.aborted) return load
    const rest = deadline - Date.now()
    if (rest <= 0) {
      targets.cut(instance)
      await control.cutElsewhere(instance)
      return load
    }
    const onlyHere = own.requests === load.requests && own.tunnels === load.tunnels
    const waited = new AbortController()
    await Promise.race([
      onlyHere ? targets.whenIdle(instance) : sleep(pollMs),
      sleep(rest, undefined, { signal: AbortSignal.any([signal, waited.signal]) }).catch(() => {}),
    ])
    waited.abort()
  }
}
