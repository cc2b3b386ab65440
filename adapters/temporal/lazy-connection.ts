import { Connection, type ConnectionOptions } from '@temporalio/client'

/** Opened by its first call, so that a process which does more than talk to Temporal starts and works without it. */
export const lazyConnection = (options: ConnectionOptions): Connection =>
  Connection.lazy({
    ...options,
    // The SDK's own retries go on after the caller has given up: what he was told had failed would still be done.
    interceptors: [],
    // gRPC's own back-off grows to two minutes: the API would refuse deployments long after Temporal is back.
    channelArgs: { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 1_000 },
  })
