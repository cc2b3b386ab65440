import type { KeptCache } from './kept-caches.ts'

/** Bytes; 0 for no limit. */
export interface CacheLimits {
  all: number
  service: number
}

/**
 * Which caches have to go so that the rest stays within its limits, those that were used least lately first. What is in
 * use stays, even if the limit is not met then.
 */
export function surplusOf(caches: readonly KeptCache[], { all, service }: CacheLimits): KeptCache[] {
  const oldestFirst = caches.filter(({ inUse }) => !inUse).toSorted((a, b) => a.usedAt - b.usedAt)
  const going = new Set<KeptCache>()
  const shrink = (to: number, within: (cache: KeptCache) => boolean) => {
    if (to === 0) return
    let bytes = sum(caches.filter((cache) => within(cache) && !going.has(cache)))
    for (const cache of oldestFirst) {
      if (bytes <= to) return
      if (!within(cache) || going.has(cache)) continue
      going.add(cache)
      bytes -= cache.bytes
    }
  }
  for (const id of new Set(caches.map(({ serviceId }) => serviceId)))
    shrink(service, ({ serviceId }) => serviceId === id)
  shrink(all, () => true)
  return [...going]
}

export const sum = (caches: readonly KeptCache[]): number =>
  caches.reduce((bytes, cache) => bytes + cache.bytes, 0)
