/** In the folder of the caches: how much they hold, as the agent saw it last. */
export const cacheUsageFile = '.usage.json'

/** Bytes; a limit of 0 is none. */
export interface CacheUsage {
  at: string
  bytes: number
  all: number
  service: number
}
