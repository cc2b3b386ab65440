import path from 'node:path'
import type { Settings } from '../contract/settings.ts'
import { homePaths } from '../contract/settings.ts'

const root = path.dirname(import.meta.dirname)

export type PartName = 'server' | 'worker' | 'agent' | 'router'

const entries: Record<PartName, string> = {
  server: 'server/main.ts',
  worker: 'worker/main.ts',
  agent: 'worker/agent.ts',
  router: 'router/main.ts',
}

/** The file that is a part's program. */
export const entryOf = (part: PartName): string => path.join(root, entries[part])

/** The example services that come with Sluice. */
export const examplesFolder = path.join(root, 'examples')

export interface Backing {
  databaseUrl: string
  temporalAddress: string
}

/** What server, worker and agent get: the caller's environment with every setting resolved. Secrets only this way. */
export function partEnvironment(settings: Settings, backing: Backing): NodeJS.ProcessEnv {
  return {
    // Type stripping is cached; in the home, because a shared folder could be filled by somebody else.
    NODE_COMPILE_CACHE: path.join(homePaths(settings.home).tools, 'node-cache'),
    ...process.env,
    SLUICE_HOME: settings.home,
    SLUICE_URL: settings.url,
    SLUICE_SOURCE_ROOTS: [...settings.sourceRoots, homePaths(settings.home).examples].join(','),
    SLUICE_TEMPORAL_UI_URL: settings.temporalUiUrl,
    DATABASE_URL: backing.databaseUrl,
    TEMPORAL_ADDRESS: backing.temporalAddress,
    TEMPORAL_NAMESPACE: settings.temporalNamespace,
  }
}
