/** The words of the API. Free of zod, so that workflow code may take values from here. */

export const deploymentStatuses = [
  'QUEUED',
  'RUNNING',
  'WAITING_APPROVAL',
  'SUCCEEDED',
  'FAILED',
  'CANCELED',
  'SUPERSEDED',
] as const
export type DeploymentStatus = (typeof deploymentStatuses)[number]

export const stepStatuses = ['PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'SKIPPED', 'CANCELED'] as const
export type StepStatus = (typeof stepStatuses)[number]

/** The steps of the `zero-downtime` strategy, in order. */
export const stepNames = [
  'preflight',
  'fetch',
  'install',
  'build',
  'validate',
  'migrate',
  'reload',
  'switch',
  'cleanup',
] as const
export type StepName = (typeof stepNames)[number]

/**
 * `rollback` goes back to a kept release. `rebuild` builds the commit of an earlier deployment again, with the variables
 * that it had. `restart` brings the live release up anew, with the variables of now.
 */
export const triggers = [
  'api',
  'push',
  'webhook',
  'archive',
  'schedule',
  'retry',
  'rollback',
  'rebuild',
  'restart',
] as const
export type Trigger = (typeof triggers)[number]

export const compensations = ['NONE', 'DONE', 'FAILED'] as const
export type Compensation = (typeof compensations)[number]

/** What a person found out about a migration whose outcome was unknown. */
export const migrationAnswers = ['migrated', 'not-migrated'] as const

export const finalStatuses: readonly DeploymentStatus[] = ['SUCCEEDED', 'FAILED', 'CANCELED', 'SUPERSEDED']

/** Neither waiting in its lane nor ended. */
export const underWayStatuses: readonly DeploymentStatus[] = ['RUNNING', 'WAITING_APPROVAL']

export function isFinal(status: DeploymentStatus): boolean {
  return finalStatuses.includes(status)
}

/** Brings up a release that is on the disk already: builds nothing, migrates nothing. */
export const takesRelease = (trigger: string): boolean => trigger === 'rollback' || trigger === 'restart'

/** The steps that a deployment of this trigger goes through. */
export function stepsOf(trigger: Trigger): readonly StepName[] {
  return takesRelease(trigger) ? ['preflight', 'validate', 'switch', 'cleanup'] : stepNames
}
