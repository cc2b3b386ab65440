import type { Config } from '../contract/config.ts'
import type { VariableDifference } from '../contract/diff.ts'
import type { Settings } from '../contract/settings.ts'
import type { Environment } from '../contract/service.ts'
import type { EnvironmentRow, LiveRow, SealedVariable } from '../ports/store.ts'
import { serviceUrl } from './service-url.ts'
import { inheritedFrom } from './variables.ts'

/** An environment as the API shows it: its variables by name only. */
export function environmentView(
  settings: Pick<Settings, 'routerPort'>,
  row: EnvironmentRow,
  variables: readonly (SealedVariable & { updatedAt: Date })[],
  pending: VariableDifference[],
): Environment {
  return {
    serviceId: row.serviceId,
    environment: row.environment,
    branch: row.branch,
    variables: variables.map((one) => ({
      name: one.name,
      secret: one.secret,
      inheritedFrom: inheritedFrom(row.serviceId, one),
      updatedAt: one.updatedAt.toISOString(),
    })),
    domains: row.domains,
    autoDeploy: row.autoDeploy,
    queue: row.queue,
    approval: row.approvalTimeout === null ? null : { within: row.approvalTimeout / 1000 },
    freezes: row.freezes,
    hold: row.hold && { ...row.hold, since: row.hold.since.toISOString() },
    config: configView(row.config),
    host: row.host,
    serviceUrl: serviceUrl(settings, row),
    live: row.live && liveView(row.live),
    pendingChanges: pending,
    preview: row.preview,
    createdAt: row.createdAt.toISOString(),
  }
}

const liveView = ({ since, ...live }: LiveRow) => ({ ...live, since: since.toISOString() })

const durations = ['hookTimeout', 'buildTimeout', 'bootTimeout', 'drain'] as const

/** Times as seconds again, so that what was read can be sent back. */
function configView(config: Config): Record<string, unknown> {
  const shown: Record<string, unknown> = { ...config }
  for (const name of durations) {
    const ms = config[name]
    if (ms !== undefined) shown[name] = ms / 1000
  }
  return shown
}
