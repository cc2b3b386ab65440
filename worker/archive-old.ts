import type { Logger } from 'pino'
import type { Store } from '../ports/store.ts'

const lookEvery = 3_600_000
const day = 86_400_000

/** Archives deployments that ended so many days ago; 0 for never. */
export function archiveOld({
  store,
  log,
  days,
}: {
  store: Pick<Store, 'deployments'>
  log: Logger
  days: number
}): () => void {
  if (days === 0) return () => {}
  const archive = async () => {
    while ((await store.deployments.archiveEnded(new Date(Date.now() - days * day))) > 0);
  }
  const archiveSafely = () => {
    archive().catch((error: unknown) =>
      log.warn({ error: String(error) }, 'could not archive old deployments'),
    )
  }
  archiveSafely()
  const timer = setInterval(archiveSafely, lookEvery)
  return () => clearInterval(timer)
}
