import { once } from 'node:events'
import type { Server } from 'node:net'

/** Milliseconds for requests that are being answered; longer ones are safe to repeat. */
const patience = 1_500

interface Closable extends Server {
  closeIdleConnections?(): void
  closeAllConnections?(): void
}

/**
 * Waits for SIGTERM, SIGINT, or the end of the parent (`sluice up` holds the other end of the channel; when it is
 * killed, nobody would stop this process). Then ends streams and finishes requests.
 */
export async function stopWithParent(server: Closable, stopping: AbortController): Promise<void> {
  await asked()
  stopping.abort()
  server.close()
  server.closeIdleConnections?.()
  const force = setTimeout(() => server.closeAllConnections?.(), patience)
  await once(server, 'close')
  clearTimeout(force)
}

function asked(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve()).once('SIGINT', () => resolve())
    process.once('disconnect', () => resolve())
  })
}
