import { randomUUID } from 'node:crypto'
import { startSluice, type ApiAnswer, type Sluice, type StartOptions } from '../e2e/sluice.ts'

/** Milliseconds that the API may be away: its server, its database and Temporal are killed here. */
const patience = 60_000

/** Also that the first of these requests is still running: it died with its server, or is about to answer. */
const isToBeAskedAgain = ({ status, body }: ApiAnswer<{ code?: string }>) =>
  status >= 500 || (status === 409 && body.code === 'IdempotencyRunning')

/**
 * A Sluice whose client behaves as a careful one should: it asks again while the server is away or says 502 to 504,
 * with an Idempotency-Key, so that a repeated POST is the same POST.
 */
export async function startPatient(options: StartOptions): Promise<Sluice> {
  const sluice = await startSluice(options)
  return {
    ...sluice,
    async api(method, route, body, headers) {
      const key = method === 'POST' ? { 'idempotency-key': randomUUID() } : {}
      const deadline = Date.now() + patience
      for (;;) {
        const isLast = Date.now() > deadline
        try {
          const answer = await sluice.api(method, route, body, { ...key, ...headers })
          if (isLast || !isToBeAskedAgain(answer)) return answer as never
        } catch (error) {
          if (isLast) throw error
        }
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
    },
  }
}
