import path from 'node:path'
import { homePaths } from '../../contract/settings.ts'
import type { ThisHost } from '../../ports/hosts.ts'
import { isLow, roomsOf } from '../readiness/disk.ts'
import { embeddedRouter } from '../router/embedded/index.ts'

interface ThisHostOptions {
  home: string
  /** Bytes that a deployment asks for. */
  leastFree: number
}

/** Asked by people: who waits for a router that is away learns nothing by it. */
const patienceMs = 200

export function thisHost({ home, leastFree }: ThisHostOptions): ThisHost {
  const router = embeddedRouter({ socketPath: homePaths(home).routerSocket, patienceMs })
  return {
    async disks() {
      const rooms = await roomsOf(home)
      return rooms.map((room) => ({
        holds: path.relative(home, room.folder) || 'home',
        freeBytes: room.bytes,
        totalBytes: room.totalBytes,
        isLow: isLow(room, leastFree),
      }))
    },
    router: () => router.health(),
  }
}
