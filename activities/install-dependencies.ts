import type { Ports } from '../ports/index.ts'
import { runCommand } from './run-command.ts'
import { asStep } from './step.ts'

/** Safe to repeat: a repeated attempt attaches to the command that runs or has ended. */
export const installDependencies = (ports: Pick<Ports, 'builder' | 'store' | 'secrets'>) =>
  asStep('install', ports, (input, signal) =>
    runCommand(
      ports,
      input,
      {
        name: 'install',
        command: (plan) => plan.install,
        timeoutMs: (plan) => plan.buildTimeoutMs,
        failure: 'InstallFailed',
        nothing: 'nothing to install',
      },
      signal,
    ),
  )
