import { releaseId } from '../contract/names.ts'
import type { Plan } from '../contract/plan.ts'
import type { ReleaseRef } from '../contract/workflows.ts'
import type { Ports } from '../ports/index.ts'
import { openVariable } from '../ports/opened-variables.ts'
import { expected } from './typed-failure.ts'

export interface ReleaseContext {
  plan: Plan
  variables: Record<string, string>
  secretValues: string[]
}

/** The plan of a release, and the variables that it was given when it was made, opened. */
export async function releaseContext(
  { store, secrets }: Pick<Ports, 'store' | 'secrets'>,
  release: Pick<ReleaseRef, 'serviceId' | 'environment' | 'releaseNumber' | 'deploymentId'>,
): Promise<ReleaseContext> {
  const { serviceId, environment, releaseNumber, deploymentId } = release
  const stored = await store.releases.find(releaseId(serviceId, environment, releaseNumber), deploymentId)
  if (!stored)
    throw expected('ReleaseGone', `Release ${releaseNumber} of ${serviceId}/${environment} is not known.`)
  const opened = stored.sealedVariables.map((variable) => ({
    name: variable.name,
    secret: variable.secret,
    value: openVariable(secrets, release, variable),
  }))
  return {
    plan: stored.plan,
    variables: Object.fromEntries(opened.map(({ name, value }) => [name, value])),
    secretValues: opened.filter(({ secret }) => secret).map(({ value }) => value),
  }
}
