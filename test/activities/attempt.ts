import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger } from '@temporalio/worker'
import type { Plan } from '../../contract/plan.ts'
import type { DeployInput } from '../../contract/workflows.ts'
import { releaseOf } from '../store/shop.ts'

/** For one attempt of an activity, as Temporal would make it. */
export const activity = () =>
  new MockActivityEnvironment(
    { scheduledTimestampMs: Date.now() },
    { logger: new DefaultLogger('ERROR', () => {}) },
  )

export const inputOf = (serviceId: string, number: number): DeployInput => ({
  ...releaseOf(number),
  serviceId,
  deploymentId: `${serviceId}.production.${number}`,
  host: 'local',
  trigger: 'api',
  ref: 'main',
  requestedBy: 'test',
  repoFullName: null,
  serviceUrl: '',
  queuedAt: new Date().toISOString(),
  timings: { deployTimeout: 60_000 },
})

/** Of a service with nothing to build. */
export const planOf = (change: Partial<Plan> = {}): Plan => ({
  technology: 'custom',
  reasons: [],
  warnings: [],
  root: '',
  install: null,
  build: null,
  start: { command: 'true', reason: '' },
  migrate: null,
  migrateTimeoutMs: 60_000,
  reload: null,
  healthPath: null,
  bootTimeoutMs: 5000,
  drainMs: 300,
  soakMs: null,
  buildTimeoutMs: 1000,
  processes: {},
  cron: [],
  tools: [],
  path: [],
  environment: {},
  buildEnvironment: {},
  suggestions: [],
  ...change,
})
