import type { Finding } from '../../contract/deployment.ts'
import { defaults } from '../../contract/defaults.ts'
import { homePaths } from '../../contract/settings.ts'
import { differentDisks, roomOn, roomSaid, sizeSaid, type Room } from '../files/room.ts'
import { finding } from './findings.ts'

/** On a small disk the least may never be free: there this share of it will do. */
const share = 0.05
/** Files: what node_modules of a large application holds. */
const leastFiles = 50_000

/** Looks at each disk that a deployment writes to: parts of the home may be mounted from elsewhere. */
export async function diskFindings(home: string, leastFree: number = defaults.leastFree): Promise<Finding[]> {
  const rooms = await roomsOf(home)
  return rooms.flatMap((room) => {
    if (!isLow(room, leastFree)) return []
    const asked = askedOf(room, leastFree)
    const message = `Only ${roomSaid(room)}; a deployment asks for ${sizeSaid(asked.bytes)}${asked.files > 0 ? ` and ${asked.files} files` : ''}. Remove what is not needed, or lower SLUICE_LEAST_FREE.`
    return [finding('DiskLow', message, 'sluice doctor')]
  })
}

/** Of each disk that a deployment writes to, once. */
export async function roomsOf(home: string): Promise<Room[]> {
  const { environments, jobs, mirrors, caches, instances } = homePaths(home)
  const folders = await differentDisks([home, environments, jobs, mirrors, caches, instances])
  return Promise.all(folders.map(roomOn))
}

/** Whether a deployment is refused for want of room there. */
export function isLow(room: Room, leastFree: number): boolean {
  const asked = askedOf(room, leastFree)
  return room.bytes < asked.bytes || room.files < asked.files
}

/** What must be free. File systems without a fixed number of files report 0 of them. */
const askedOf = ({ totalBytes, totalFiles }: Room, leastFree: number) => ({
  bytes: Math.min(leastFree, Math.floor(totalBytes * share)),
  files: Math.min(leastFiles, Math.floor(totalFiles * share)),
})
