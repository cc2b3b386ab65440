import path from 'node:path'

export interface RouterLimits {
  /** Client connections; further ones are closed at once. */
  maxConnections: number
  /** Requests in flight and tunnels of one target; further ones get 503. */
  maxPerTarget: number
  maxHeaderBytes: number
  /** Milliseconds for a client to send its complete header. */
  clientHeaderMs: number
  /** Milliseconds a client may pause while it sends a body. */
  clientBodyMs: number
  /** Milliseconds an idle client connection is kept. */
  keepAliveMs: number
  connectMs: number
  /** Milliseconds for a service to begin its answer. */
  answerMs: number
  /** Milliseconds a service may pause within an answer, and a client may take nothing of it; 0: for ever. */
  streamMs: number
  /** Milliseconds that are still read after the last answer, or of an upload that was answered early, so that the client sees it. */
  lingerMs: number
  /** Milliseconds what is in flight may take when the router process is stopped or replaced. */
  stopMs: number
  /** Milliseconds idle client connections are still kept by a router process that is leaving. */
  lazyCloseMs: number
}

export interface RouterSettings {
  address: string
  /** 0: any free port. */
  port: number
  statePath: string
  socketPath: string
  trustProxy: boolean
  /** Keep a loaded process waiting, for a restart in milliseconds. Costs about 65 MB. */
  spare: boolean
  limits: RouterLimits
}

/** @throws Error that lists everything that is wrong with the environment variables. */
export function readSettings(env: NodeJS.ProcessEnv): RouterSettings {
  const faults: string[] = []

  const text = (name: string, fallback?: string): string => {
    const value = env[name] || fallback
    if (value === undefined) faults.push(`${name} is not set`)
    return value ?? ''
  }
  const whole = (name: string, fallback: number, least: number, most = 2 ** 31 - 1): number => {
    const value = env[name] ? Number(env[name]) : fallback
    if (Number.isInteger(value) && value >= least && value <= most) return value
    faults.push(`${name} is ${env[name]}; it must be a whole number from ${least} to ${most}`)
    return fallback
  }
  const limit = (name: string, fallback: number, least = 1) => whole(`SLUICE_ROUTER_${name}`, fallback, least)

  const settings: RouterSettings = {
    address: text('SLUICE_ROUTER_ADDRESS', '127.0.0.1'),
    port: whole('SLUICE_ROUTER_PORT', 8080, 0, 65_535),
    statePath: path.resolve(text('SLUICE_ROUTER_STATE')),
    socketPath: path.resolve(text('SLUICE_ROUTER_SOCKET')),
    trustProxy: env.SLUICE_ROUTER_TRUST_PROXY === '1',
    spare: env.SLUICE_ROUTER_SPARE !== '0',
    limits: {
      maxConnections: limit('MAX_CONNECTIONS', 10_000),
      maxPerTarget: limit('MAX_PER_TARGET', 4_096),
      maxHeaderBytes: limit('MAX_HEADER_BYTES', 32_768, 1_024),
      clientHeaderMs: limit('CLIENT_HEADER_MS', 15_000),
      clientBodyMs: limit('CLIENT_BODY_MS', 30_000),
      // Longer than the 60 s of common load balancers, so that they close first.
      keepAliveMs: limit('KEEP_ALIVE_MS', 75_000),
      connectMs: limit('CONNECT_MS', 5_000),
      answerMs: limit('ANSWER_MS', 60_000),
      streamMs: limit('STREAM_MS', 300_000, 0),
      lingerMs: limit('LINGER_MS', 10_000),
      stopMs: limit('STOP_MS', 30_000),
      lazyCloseMs: limit('LAZY_CLOSE_MS', 3_000),
    },
  }
  // A Unix socket path has 108 bytes; the router appends a dot and its pid.
  if (Buffer.byteLength(settings.socketPath) > 96) {
    faults.push(`SLUICE_ROUTER_SOCKET is longer than 96 bytes: ${settings.socketPath}`)
  }
  if (faults.length > 0) throw new Error(`The router cannot start: ${faults.join('; ')}.`)
  return settings
}
