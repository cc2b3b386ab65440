import { stat } from 'node:fs/promises'
import path from 'node:path'
import type { ServiceUser } from './service-user.ts'

/** The first folder above `file` that the user may not enter; undefined when it can be reached. */
export async function barrierTo(file: string, user: ServiceUser): Promise<string | undefined> {
  const folders = foldersAbove(path.resolve(file))
  const seen = await Promise.all(folders.map((folder) => stat(folder)))
  return folders.find((_, index) => {
    const { mode, uid, gid } = seen[index]!
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001
    return !(mode & bit)
  })
}

/** @throws Error that names the folder in the way and what to do. */
export async function assertReachable(file: string, user: ServiceUser | null): Promise<void> {
  const barrier = user && (await barrierTo(file, user))
  if (!barrier) return
  throw new Error(
    `${file} cannot be reached by the user of the service (uid ${user.uid}): ${barrier} may not be entered. ` +
      `Run \`chmod o+x ${barrier}\`, or set SLUICE_HOME to a folder under /var/lib, ` +
      'or run services as Sluice itself with SLUICE_ISOLATION=none.',
  )
}

function foldersAbove(file: string): string[] {
  const parent = path.dirname(file)
  return parent === file ? [] : [...foldersAbove(parent), parent]
}
