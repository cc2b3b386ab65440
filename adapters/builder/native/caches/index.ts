import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rename } from 'node:fs/promises'
import path from 'node:path'
import { cacheUsageFile, type CacheUsage } from '../../../../contract/cache-usage.ts'
import { deleteIfPossible } from '../../../files/deletion.ts'
import { writeDurable } from '../../../files/durable.ts'
import { isInUse } from './in-use.ts'
import { keptCaches, type KeptCache } from './kept-caches.ts'
import { sum, surplusOf, type CacheLimits } from './surplus.ts'

/**
 * Removes what the caches of the builds hold beyond their limits, and notes how much they hold. Answers what was
 * removed. One at a time.
 */
export async function boundCaches(directory: string, limits: CacheLimits): Promise<KeptCache[]> {
  await mkdir(directory, { recursive: true })
  for (const name of (await readdir(directory)).filter((one) => one.startsWith('.removed-')))
    await deleteIfPossible(path.join(directory, name))
  const caches = await keptCaches(directory)
  const removed: KeptCache[] = []
  for (const cache of surplusOf(caches, limits)) if (await remove(directory, cache)) removed.push(cache)
  const bytes = sum(caches) - sum(removed)
  const usage: CacheUsage = { at: new Date().toISOString(), bytes, ...limits }
  await writeDurable(path.join(directory, cacheUsageFile), JSON.stringify(usage))
  return removed
}

/** Looks once more first: a job may have begun since. By a rename, so that nobody finds a cache with a part of it gone. */
async function remove(directory: string, { folder }: KeptCache): Promise<boolean> {
  if (await isInUse(path.dirname(path.dirname(folder)))) return false
  const grave = path.join(directory, `.removed-${randomUUID()}`)
  const gone = await rename(folder, grave).then(
    () => true,
    () => false,
  )
  if (gone) await deleteIfPossible(grave)
  return gone
}
