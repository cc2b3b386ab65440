import type { LiveRoutes } from './live-routes.ts'
import type { Targets } from './targets.ts'

/** Prometheus text format. */
export function metricsText(live: LiveRoutes, targets: Targets, connections: number): string {
  const lines = [
    '# HELP sluice_router_answers_total Answers by route and class of status.',
    '# TYPE sluice_router_answers_total counter',
  ]
  for (const { name, answers } of live.routes) {
    for (let group = 1; group <= 5; group++) {
      lines.push(`sluice_router_answers_total{route="${name}",class="${group}xx"} ${answers[group] ?? 0}`)
    }
  }
  lines.push(
    '# HELP sluice_router_in_flight Requests in flight by target.',
    '# TYPE sluice_router_in_flight gauge',
    '# HELP sluice_router_tunnels Open WebSockets by target.',
    '# TYPE sluice_router_tunnels gauge',
  )
  for (const { address, load } of targets.all()) {
    lines.push(
      `sluice_router_in_flight{instance="${escaped(address.instance)}"} ${load.requests}`,
      `sluice_router_tunnels{instance="${escaped(address.instance)}"} ${load.tunnels}`,
    )
  }
  lines.push(
    '# HELP sluice_router_connections Open client connections.',
    '# TYPE sluice_router_connections gauge',
    `sluice_router_connections ${connections}`,
    '# HELP sluice_router_memory_bytes Resident memory of the router process.',
    '# TYPE sluice_router_memory_bytes gauge',
    `sluice_router_memory_bytes ${process.memoryUsage.rss()}`,
  )
  return `${lines.join('\n')}\n`
}

const escaped = (label: string) =>
  label.replaceAll(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`))
