import type { Logger } from 'pino'
import { boundCaches } from '../adapters/builder/native/caches/index.ts'
import { sizeSaid } from '../adapters/files/room.ts'
import { homePaths, type Settings } from '../contract/settings.ts'

/** Milliseconds between two looks. */
const lookEvery = 15 * 60_000

/** Keeps the caches of the builds within their limits, and says what it removes. Returns how to end it. */
export function keepCachesBounded(
  { home, cacheLimit, serviceCacheLimit }: Pick<Settings, 'home' | 'cacheLimit' | 'serviceCacheLimit'>,
  log: Logger,
): () => void {
  const limits = { all: cacheLimit, service: serviceCacheLimit }
  let timer: NodeJS.Timeout | undefined
  let going = true
  const look = async () => {
    try {
      for (const { id, bytes, usedAt } of await boundCaches(homePaths(home).caches, limits))
        log.info({ cache: id, size: sizeSaid(bytes), usedAt: new Date(usedAt) }, 'removed, to keep the limit')
    } catch (error) {
      log.warn({ error: String(error) }, 'could not bound the caches of the builds')
    }
    if (going) timer = setTimeout(() => void look(), lookEvery)
  }
  timer = setTimeout(() => void look(), firstLook)
  return () => {
    going = false
    clearTimeout(timer)
  }
}

/** Milliseconds: what brings services back after a start comes first. */
const firstLook = 60_000
