import net from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig'

/** Address, TLS, API key and namespace from the environment and Temporal's own configuration file. */
export function temporalConfig(
  defaultAddress: string,
): ClientConnectConfig & { address: string; namespace: string } {
  const config = loadClientConnectConfig()
  const address = config.connectionOptions.address ?? defaultAddress
  return {
    ...config,
    connectionOptions: { ...config.connectionOptions, address },
    address,
    namespace: config.namespace ?? 'default',
  }
}

/**
 * Resolves once something listens there: a first connection that comes too early costs a second of back-off.
 * Never rejects but by the signal; what does not listen yet may do so later.
 */
export async function whenListening(address: string, signal: AbortSignal): Promise<void> {
  const at = address.lastIndexOf(':')
  const host = address.slice(0, at).replace(/^\[|\]$/g, '')
  const port = Number(address.slice(at + 1))
  while (!(await accepts(host, port))) await wait(25, undefined, { signal })
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port })
    const done = (listening: boolean) => {
      socket.destroy()
      resolve(listening)
    }
    socket.setTimeout(1000, () => done(false))
    socket.once('connect', () => done(true)).once('error', () => done(false))
  })
}
