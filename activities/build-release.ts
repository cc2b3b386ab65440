import type { Ports } from '../ports/index.ts'
import { nothingTo } from './idle-steps.ts'
import { runCommand } from './run-command.ts'
import { asStep } from './step.ts'

/** Safe to repeat: a repeated attempt attaches to the command that runs or has ended. */
export const buildRelease = (ports: Pick<Ports, 'builder' | 'store' | 'secrets' | 'releases'>) =>
  asStep('build', ports, (input, signal) =>
    runCommand(
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
    ),
  )
