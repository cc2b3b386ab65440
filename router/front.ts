import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clients } from './client-connection.ts'
import { ClientConnection } from './client-connection.ts'
import type { Destination } from './exchange.ts'
import type { LiveRoute } from './live-routes.ts'
import type { Refusal } from './refusal.ts'
import { noLiveRelease, overloaded, unknownHost } from './refusal.ts'
import { hostName } from './request-head.ts'
import type { RouterSettings } from './settings.ts'

export interface Front {
  /** @param fd of a bound socket. */
  listen(fd: number): Promise<number>
  /**
   * Stops accepting, answers what still comes on open connections with `Connection: close`, closes idle ones
   * after the lazy delay and resolves when none is left, or at the limit. Never closes idle ones at once: a
   * client that is just sending on one of them would see a reset.
   */
  leave(): Promise<void>
  connections(): number
}

const coarsestTickMs = 1_000
const finestTickMs = 20

type FindRoute = (host: string) => LiveRoute | undefined

/** The server that clients talk to. */
export function createFront(settings: RouterSettings, findRoute: FindRoute, onOverload: () => void): Front {
  const { limits, trustProxy } = settings
  /** Tunnels included. */
  const sockets = new Set<net.Socket>()
  const connections = new Set<ClientConnection>()

  const clients: Clients = {
    limits,
    trustProxy,
    leaving: false,
    destinationOf(host): Destination | Refusal {
      const route = findRoute(host)
      if (route === undefined) return unknownHost(hostName(host))
      const { target } = route
      if (target === undefined) return noLiveRelease(route.name)
      if (target.isFull) {
        onOverload()
        return overloaded(route.name)
      }
      return { route, target }
    },
    onGone: (connection) => connections.delete(connection),
  }

  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    connections.add(new ClientConnection(socket, clients))
  })
  server.maxConnections = limits.maxConnections

  const { clientHeaderMs, clientBodyMs, keepAliveMs, streamMs } = limits
  const shortest = Math.min(clientHeaderMs, clientBodyMs, keepAliveMs, streamMs || Number.POSITIVE_INFINITY)
  const everyMs = Math.max(finestTickMs, Math.min(coarsestTickMs, Math.round(shortest / 4)))
  // One timer for all, as a timer for each request would cost more than all the limits are worth.
  setInterval(() => connections.forEach((connection) => connection.tick(everyMs)), everyMs).unref()

  return {
    listen: (fd) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen({ fd }, () => resolve((server.address() as net.AddressInfo).port))
      }),

    connections: () => sockets.size,

    async leave() {
      clients.leaving = true
      server.close()
      const started = Date.now()
      while (sockets.size > 0 && Date.now() - started < limits.stopMs) {
        await sleep(50)
        if (Date.now() - started < limits.lazyCloseMs) continue
        for (const connection of connections) connection.destroyIfIdle()
      }
      for (const socket of sockets) socket.destroy()
    },
  }
}
