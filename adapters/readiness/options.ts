import type { Router } from '../../ports/router.ts'
import type { Secrets } from '../../ports/secrets.ts'
import type { Source } from '../../ports/source.ts'
import type { Store } from '../../ports/store.ts'

export interface HostReadinessOptions {
  store: Pick<Store, 'services' | 'environments' | 'variables' | 'releases' | 'deployments'>
  secrets: Pick<Secrets, 'open'>
  source: Pick<Source, 'probe'>
  /** Sluice's home: the disks of its folders are looked at; without it none. */
  home?: string
  /** Bytes that must be free on each of them. */
  leastFree?: number
  /** Without it traffic is not looked at. */
  router?: Pick<Router, 'list'>
}
