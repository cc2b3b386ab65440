import ipaddr from 'ipaddr.js'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { Refusal } from './refusal.ts'

/** Bad tokens that one address may show in a minute. */
const allowed = 20
const windowSeconds = 60

/** Counts bad tokens per address. */
export function countBadTokens() {
  const limiter = new RateLimiterMemory({ points: allowed, duration: windowSeconds })
  return {
    /** Counts one more. Answers the seconds to wait when it was one too many, else 0. */
    async add(address: string): Promise<number> {
      try {
        await limiter.consume(networkOf(address))
        return 0
      } catch (refused) {
        if (refused instanceof RateLimiterRes) return Math.ceil(refused.msBeforeNext / 1000)
        throw refused
      }
    },
  }
}

/** Answered once `add` says to wait. */
export const tooManyBadTokens = (seconds: number) =>
  new Refusal(
    429,
    'TooManyBadTokens',
    `Too many wrong tokens came from this address. Try again in ${seconds} seconds.`,
    { headers: { 'Retry-After': String(seconds) } },
  )

/** An IPv6 customer has a /64 at least: as many addresses as he likes are still one guesser. */
function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.process(address)
  return parsed instanceof ipaddr.IPv6 ? parsed.parts.slice(0, 4).join(':') : parsed.toString()
}
