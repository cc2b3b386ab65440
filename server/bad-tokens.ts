/** Bad tokens that one address may show in a minute. */
const allowed = 20
const windowMs = 60_000
/** Addresses remembered; the longest unseen is forgotten first. */
const remembered = 10_000

/** Counts bad tokens per address. */
export function countBadTokens(now: () => Date) {
  const seen = new Map<string, { count: number; since: number }>()
  return {
    /** Counts one more. Answers the seconds to wait when it was one too many, else 0. */
    add(address: string): number {
      const at = now().getTime()
      const known = seen.get(address)
      const entry = known && at - known.since < windowMs ? known : { count: 0, since: at }
      entry.count++
      seen.delete(address)
      seen.set(address, entry)
      if (seen.size > remembered) seen.delete(seen.keys().next().value!)
      return entry.count > allowed ? Math.ceil((entry.since + windowMs - at) / 1000) : 0
    },
  }
}
