import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { deploymentStatuses } from '../contract/vocabulary.ts'
import type { Store } from '../ports/store.ts'

export type Metrics = ReturnType<typeof createMetrics>

/** One set per app. Labels are bounded: routes by pattern, never by path. */
export function createMetrics(store: Pick<Store, 'deployments'>) {
  const registry = new Registry()
  const registers = [registry]
  const requests = new Histogram({
    name: 'sluice_http_request_duration_seconds',
    help: 'Time until the answer began, by route pattern',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  })
  const accepted = new Counter({
    name: 'sluice_deployments_accepted_total',
    help: 'Deployments that this server has accepted',
    labelNames: ['trigger'],
    registers,
  })
  const streams = new Gauge({
    name: 'sluice_streams_open',
    help: 'Log and event streams being read',
    registers,
  })
  void new Gauge({
    name: 'sluice_deployments',
    help: 'Deployments by status',
    labelNames: ['status'],
    registers,
    async collect() {
      // The other measurements matter most while the database is away.
      const counts = await store.deployments.counts().catch(() => undefined)
      this.reset()
      if (!counts) return
      for (const status of deploymentStatuses) this.set({ status }, counts[status] ?? 0)
    },
  })
  return { registry, requests, accepted, streams }
}
