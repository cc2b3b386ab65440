import type { Plan } from '../../contract/plan.ts'
import type { Router } from '../../ports/router.ts'
import type { Secrets } from '../../ports/secrets.ts'
import type { Repository, Source } from '../../ports/source.ts'
import type { Store } from '../../ports/store.ts'
import type { Target } from './target.ts'

export interface HostReadinessOptions {
  store: Pick<Store, 'services' | 'environments' | 'variables' | 'releases' | 'deployments'>
  secrets: Pick<Secrets, 'open'>
  source: Pick<Source, 'probe'>
  /** Sluice's home: the disks of its folders are looked at; without it none. */
  home?: string
  /** Bytes that must be free on each of them. */
  leastFree?: number
  /** Without it the programs that a commit asks for are not looked at. */
  programs?: {
    /** How a commit would be built. @throws SourceError, PlanError */
    planOf(target: Target, repository: Repository, commit: string, signal: AbortSignal): Promise<Plan>
    /** A sentence for each tool that this host does not have. Changes nothing. */
    unmet(tools: Plan['tools'], target: Target): Promise<string[]>
    /** Milliseconds; what takes longer is left to the deployment itself, such as the first look at a large repository. */
    patience: number
  }
  /** Without it traffic is not looked at. */
  router?: Pick<Router, 'list'>
}
