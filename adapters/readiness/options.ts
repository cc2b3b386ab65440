import type { Router } from '../../ports/router.ts'
import type { Secrets } from '../../ports/secrets.ts'
import type { Source } from '../../ports/source.ts'
import type { Store } from '../../ports/store.ts'

export interface HostReadinessOptions {
  store: Pick<Store, 'services' | 'environments' | 'variables' | 'releases' | 'deployments'>
  secrets: Pick<Secrets, 'open'>
  source: Pick<Source, 'probe'>
  /** Folder on the disk that releases go to; without it the disk is not looked at. */
  home?: string
  /** Without it traffic is not looked at. */
  router?: Pick<Router, 'list'>
}
