import type { ReleaseRef } from '../contract/workflows.ts'
import type { Ports } from '../ports/index.ts'
import { StaleFence } from '../ports/router.ts'
import { awaitHealthy, candidateSpec, instanceId } from './candidate.ts'
import { crashPoint } from './crash-point.ts'
import { runCommand } from './run-command.ts'
import { asStep } from './step.ts'

/**
 * Rebuilds caches that freeze settings, restarts the candidate on them, and checks it again. Safe to repeat; a late
 * attempt is refused, for it would restart what has the traffic by now.
 */
export const reloadCandidate = (
  ports: Pick<Ports, 'builder' | 'store' | 'secrets' | 'runtime' | 'releases'>,
) =>
  asStep('reload', ports, async (input, signal) => {
    await assertCandidate(ports, input)
    // Of two attempts only one restarts it.
    const before = await ports.runtime.status(instanceId(input))
    const report = await runCommand(
      ports,
      input,
      {
        name: 'reload',
        command: (plan) => plan.reload,
        timeoutMs: (plan) => plan.migrateTimeoutMs,
        failure: 'ReloadFailed',
        nothing: 'still answers',
      },
      signal,
    )
    const { spec, plan, secretValues } = await candidateSpec(ports, input)
    await crashPoint('hook ran', input)
    if (!report.skipped) {
      await assertCandidate(ports, input)
      await ports.runtime.restart(spec, before?.generation)
    }
    const settled = report.skipped ? { settleMs: 0 } : {}
    await awaitHealthy(ports, input, { plan, secretValues, signal, ...settled })
    return { detail: report.skipped ? report.detail : `${report.detail}, restarted` }
  })

/** @throws StaleFence when this deployment, or a newer one, is live */
async function assertCandidate(
  { releases }: Pick<Ports, 'releases'>,
  { serviceId, environment, number }: ReleaseRef,
): Promise<void> {
  const live = await releases.live(serviceId, environment)
  if (live && live.number >= number)
    throw new StaleFence(`${serviceId}/${environment}`, { deployment: live.number, revision: 0 })
}
