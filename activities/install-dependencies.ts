import type { Ports } from '../ports/index.ts'
import { releaseContext } from './release-context.ts'
import { requireTools } from './require-tools.ts'
import { nothingTo } from './idle-steps.ts'
import { runCommand } from './run-command.ts'
import { asStep } from './step.ts'

/** Safe to repeat: a repeated attempt attaches to the command that runs or has ended. */
export const installDependencies = (ports: Pick<Ports, 'builder' | 'store' | 'secrets' | 'releases'>) =>
  asStep('install', ports, async (input, signal) => {
    const context = await releaseContext(ports, input)
    const { fetches } = await requireTools(ports, context.plan, input)
    return runCommand(
      ports,
      input,
      {
        name: 'install',
        command: (plan) =>
          plan.install ?? (fetches.length > 0 ? { command: 'true', reason: 'fetches tools' } : null),
        before: fetches,
        timeoutMs: (plan) => plan.buildTimeoutMs,
        failure: 'InstallFailed',
        nothing: nothingTo.install,
      },
      signal,
      context,
    )
  })
