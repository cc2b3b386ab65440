import { Agent, request } from 'undici'
import { CourierError, type Courier } from '../../../ports/courier.ts'
import { checkedLookup, requireAllowed } from './addresses.ts'

/** Milliseconds for a whole message; GitHub and Slack allow as much. */
const limit = 10_000

export interface HttpCourierOptions {
  /** Hosts that may be reached on private addresses. */
  privateHosts: readonly string[]
  /** How names are resolved; another one is for tests. */
  find?: Parameters<typeof checkedLookup>[2]
}

/** `request` and not `fetch`: it follows no redirects, and decodes nothing that an untrusted host has compressed. */
export const httpCourier = ({ privateHosts, find }: HttpCourierOptions): Courier => ({
  async send({ url: address, headers, body }, signal) {
    const url = new URL(address)
    requireAllowed(url, privateHosts)
    // One per message: nothing is kept open towards a host whose name may lead elsewhere next time.
    const agent = new Agent({ connect: { lookup: checkedLookup(url, privateHosts, find) }, pipelining: 0 })
    try {
      const answer = await request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': 'Sluice', ...headers },
        body,
        dispatcher: agent,
        signal: AbortSignal.any([signal, AbortSignal.timeout(limit)]),
      })
      // What it says is of no interest, however much it is.
      answer.body.on('error', () => {}).destroy()
      return { status: answer.statusCode, retryAfter: secondsOf(answer.headers['retry-after']) }
    } catch (error) {
      if (error instanceof CourierError) throw error
      throw new CourierError(`${url.host} did not answer: ${reasonOf(error)}`, false)
    } finally {
      await agent.destroy()
    }
  },
})

const secondsOf = (header: string | string[] | undefined): number | null =>
  typeof header === 'string' && /^\d{1,5}$/.test(header) ? Number(header) : null

/** Never the message: it may hold the url, and that may hold a secret. */
function reasonOf(error: unknown): string {
  const { name, code } = error as { name?: string; code?: string }
  return name === 'TimeoutError' ? 'it is too slow' : (code ?? name ?? 'unknown')
}
