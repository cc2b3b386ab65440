import type { Settings } from '../contract/settings.ts'
import type { WantedPort } from './port-check.ts'
import { settlePostgres } from './postgres.ts'
import { settleRouter } from './router.ts'
import type { Say } from './say.ts'
import { settleTemporal } from './temporal.ts'

/** The ports that `up` is going to bind: not those of what runs for this home already and is taken over. */
export async function portsToBind(settings: Settings, say: Say): Promise<WantedPort[]> {
  const [postgres, temporal, router] = await Promise.all([
    settings.databaseUrl ? true : settlePostgres(settings),
    settings.temporalAddress ? true : settleTemporal(settings),
    settleRouter(settings, say),
  ])
  const all = wantedPorts(settings)
  return [
    all.api,
    ...(router ? [] : [all.router]),
    ...(temporal ? [] : [all.temporal, all.temporalUi]),
    ...(postgres ? [] : [all.postgres]),
  ]
}

export function wantedPorts(settings: Settings) {
  const local = '127.0.0.1'
  return {
    api: {
      port: settings.apiPort,
      address: settings.apiAddress,
      purpose: 'the API',
      setting: 'SLUICE_API_PORT',
    },
    router: {
      port: settings.routerPort,
      address: settings.routerAddress,
      purpose: 'the router',
      setting: 'SLUICE_ROUTER_PORT',
    },
    temporal: {
      port: settings.temporalPort,
      address: local,
      purpose: 'Temporal',
      setting: 'SLUICE_TEMPORAL_PORT',
    },
    temporalUi: {
      port: settings.temporalUiPort,
      address: local,
      purpose: "Temporal's web UI",
      setting: 'SLUICE_TEMPORAL_UI_PORT',
    },
    postgres: {
      port: settings.postgresPort,
      address: local,
      purpose: 'PostgreSQL',
      setting: 'SLUICE_POSTGRES_PORT',
    },
  } satisfies Record<string, WantedPort>
}
