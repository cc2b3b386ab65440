import type { Ports } from '../ports/index.ts'
import { awaitHealthy, candidateSpec, instanceId } from './candidate.ts'
import { crashPoint } from './crash-point.ts'
import { runCommand } from './run-command.ts'
import { asStep } from './step.ts'

/** Rebuilds caches that freeze settings, restarts the candidate on them, and checks it again. Safe to repeat. */
export const reloadCandidate = (
  ports: Pick<Ports, 'builder' | 'store' | 'secrets' | 'runtime' | 'releases'>,
) =>
  asStep('reload', ports, async (input, signal) => {
    // An attempt that was overtaken must not restart what is live by now.
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
    if (!report.skipped) await ports.runtime.restart(spec, before?.generation)
    const settled = report.skipped ? { settleMs: 0 } : {}
    await awaitHealthy(ports, input, { plan, secretValues, signal, ...settled })
    return { detail: report.skipped ? report.detail : `${report.detail}, restarted` }
  })
