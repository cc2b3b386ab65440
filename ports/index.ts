import type { Archives } from './archives.ts'
import type { Builder } from './builder.ts'
import type { Jobs } from './jobs.ts'
import type { Packs } from './packs.ts'
import type { Readiness } from './readiness.ts'
import type { Releases } from './releases.ts'
import type { Router } from './router.ts'
import type { Runtime } from './runtime.ts'
import type { Secrets } from './secrets.ts'
import type { Source } from './source.ts'
import type { Store } from './store.ts'

/** Everything that the activities of a host work with. */
export interface Ports {
  source: Source
  archives: Pick<Archives, 'prune'>
  builder: Builder
  /** Runs commands in live releases; what they write is kept with the run. */
  runner: Pick<Builder, 'run'>
  packs: Packs
  runtime: Runtime
  router: Router
  releases: Releases
  store: Store
  secrets: Secrets
  jobs: Jobs
  readiness: Readiness
}
