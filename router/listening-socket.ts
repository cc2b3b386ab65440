import net from 'node:net'

/**
 * A listening TCP socket that nobody accepts from in this process: its descriptor is handed to the router
 * process, so connections wait in the kernel while that one is being replaced. Node has no public call that
 * binds without accepting; this internal one has been stable since 0.12 and is what `cluster` uses.
 */
export interface ListeningSocket {
  readonly fd: number
  close(): void
}

type BoundHandle = { fd: number; close(): void }
type CreateServerHandle = (address: string, port: number, family: 4 | 6) => BoundHandle | number

export function bindListeningSocket(address: string, port: number): ListeningSocket {
  const create = (net as unknown as { _createServerHandle?: CreateServerHandle })._createServerHandle
  if (typeof create !== 'function') {
    throw new Error(`Node ${process.version} has no net._createServerHandle; run the router on Node 24`)
  }
  const handle = create(address, port, net.isIPv6(address) ? 6 : 4)
  if (typeof handle === 'number') throw new BindFailure(address, port, handle)
  if (handle.fd < 0)
    throw new Error(`the socket of ${address}:${port} has no descriptor on ${process.platform}`)
  return handle
}

export class BindFailure extends Error {
  override name = 'BindFailure'
  /** The negative errno of libuv. */
  readonly errno: number
  constructor(address: string, port: number, errno: number) {
    super(`cannot listen on ${address}:${port}: errno ${-errno}; is another program using the port?`)
    this.errno = errno
  }
}
