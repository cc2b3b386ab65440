import type { MigrationAnswer } from '../ports/store.ts'
import type { AppDeps } from './deps.ts'
import { Refusal } from './refusal.ts'

/** @throws Refusal NothingToResolve, AlreadyResolved */
export async function resolveMigration(
  { store }: Pick<AppDeps, 'store'>,
  id: string,
  answer: Pick<MigrationAnswer, 'answer' | 'by'>,
): Promise<void> {
  const outcome = await store.deployments.resolveMigration(id, answer)
  if (outcome === 'known') {
    throw new Refusal(
      409,
      'NothingToResolve',
      `${id} did not fail with MigrationOutcomeUnknown, so there is nothing to resolve. Look at it with \`sluice status ${id}\`.`,
    )
  }
  if (outcome === 'acted') {
    throw new Refusal(
      409,
      'AlreadyResolved',
      `${id} was resolved with the other answer, and a later deployment has acted on that. Put the database right by hand, then deploy.`,
    )
  }
}
