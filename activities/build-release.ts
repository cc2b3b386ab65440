import type { Ports } from '../ports/index.ts'
import { buildPacks } from './build-packs.ts'
import { nothingTo } from './idle-steps.ts'
import { releaseContext } from './release-context.ts'
import { runCommand } from './run-command.ts'
import { asStep } from './step.ts'

/** Safe to repeat: a repeated attempt attaches to the command that runs or has ended. */
export const buildRelease = (ports: Pick<Ports, 'builder' | 'store' | 'secrets' | 'releases' | 'packs'>) =>
  asStep('build', ports, async (input, signal) => {
    const context = await releaseContext(ports, input)
    if (context.plan.packs) return buildPacks(ports, input, context, signal)
    return runCommand(
      ports,
      input,
      {
        name: 'build',
        command: (plan) => plan.build,
        timeoutMs: (plan) => plan.buildTimeoutMs,
        failure: 'BuildFailed',
        nothing: nothingTo.build,
      },
      signal,
      context,
    )
  })
