import type { Ports } from '../ports/index.ts'
import { nothingTo } from './idle-steps.ts'
import { runCommand } from './run-command.ts'
import { asStep } from './step.ts'

/**
 * Runs the migration hook at most once per deployment: the job is not repeatable, so that a lost outcome
 * is reported as unknown instead of tried again.
 */
export const migrateDatabase = (ports: Pick<Ports, 'builder' | 'store' | 'secrets'>) =>
  asStep('migrate', ports, (input, signal) =>
    runCommand(
      ports,
      input,
      {
        name: 'migrate',
        command: (plan) => plan.migrate,
        timeoutMs: (plan) => plan.migrateTimeoutMs,
        failure: 'MigrationFailed',
        nothing: nothingTo.migrate,
      },
      signal,
    ),
  )
