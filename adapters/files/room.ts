import { stat, statfs } from 'node:fs/promises'
import { noSpace } from '../../ports/no-space.ts'

/** What a file system still takes. */
export interface Room {
  folder: string
  bytes: number
  totalBytes: number
  files: number
  /** 0 where files have no fixed number. */
  totalFiles: number
}

/** With less a file may not have fitted any more: 1 MiB, as much as a package manager writes at once. */
const leastBytes = 1024 ** 2

export async function roomOn(folder: string): Promise<Room> {
  const { bsize, blocks, bavail, files, ffree } = await statfs(folder)
  return { folder, bytes: bavail * bsize, totalBytes: blocks * bsize, files: ffree, totalFiles: files }
}

export const isFull = ({ bytes, files, totalFiles }: Room): boolean =>
  bytes < leastBytes || (totalFiles > 0 && files === 0)

/** `0 MiB of 16 MiB and 12 of 400 files are free on the disk of /srv/sluice`. */
export function roomSaid({ folder, bytes, totalBytes, files, totalFiles }: Room): string {
  const ofFiles = totalFiles > 0 ? ` and ${files} of ${totalFiles} files (inodes)` : ''
  return `${sizeSaid(bytes)} of ${sizeSaid(totalBytes)}${ofFiles} are free on the disk of ${folder}`
}

const gibibyte = 1024 ** 3

export const sizeSaid = (bytes: number): string =>
  bytes >= gibibyte ? `${(bytes / gibibyte).toFixed(1)} GiB` : `${Math.floor(bytes / 1024 ** 2)} MiB`

/** The first of the folders whose disk is full. One that is not there counts as having room. */
export async function fullDiskOf(folders: readonly string[]): Promise<Room | undefined> {
  const rooms = await Promise.all(folders.map((folder) => roomOn(folder).catch(() => undefined)))
  return rooms.find((room) => room !== undefined && isFull(room))
}

/** @throws Error with code ENOSPC when there is no room left on the disk of the folder */
export async function assertRoom(folder: string): Promise<void> {
  const room = await roomOn(folder)
  if (isFull(room)) throw noSpace(roomSaid(room))
}

/** One folder of each file system, of those that are there. */
export async function differentDisks(folders: readonly string[]): Promise<string[]> {
  const seen = new Map<number, string>()
  for (const folder of folders) {
    const found = await stat(folder).catch(() => undefined)
    if (found && !seen.has(found.dev)) seen.set(found.dev, folder)
  }
  return [...seen.values()]
}
