import type { Stats } from 'node:fs'
import { chmod, lchown, lstat, mkdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { ServiceUser, ServiceUsers } from './service-user.ts'

/** Folders of a service and environment that outlive its releases. */
export interface ServiceFolders {
  home: string
  temporary: string
  /** Of package managers. */
  cache: string
  /** Dependency trees, of Sluice alone: others can only pass through. */
  trees: string
}

/** Makes them, owned by the service's user. The folders above belong to Sluice and can only be passed through. */
export const serviceFolders =
  ({ caches, users }: { caches: string; users: ServiceUsers }) =>
  async (serviceId: string, environment: string): Promise<ServiceFolders> => {
    const user = await users.userOf(serviceId, environment)
    const passages = [path.basename(caches), serviceId, environment]
    const own = path.join(caches, serviceId, environment)
    const folders = {
      home: path.join(own, 'home'),
      temporary: path.join(own, 'tmp'),
      cache: path.join(own, 'cache'),
    }
    const trees = path.join(own, 'trees')
    // As a rule they are there: one look at all of them, in place of twenty calls in a row for each command.
    const [open, closed] = await Promise.all([
      all([caches, path.dirname(own), own, trees], isPassage),
      all(Object.values(folders), (stats) => isPrivate(stats, user)),
    ])
    if (!open || !closed) {
      await makePassages(path.dirname(caches), passages)
      for (const folder of Object.values(folders)) await makePrivate(folder, user)
      await makePassages(own, ['trees'])
    }
    return { ...folders, trees }
  }

const all = async (folders: string[], isSo: (stats: Stats) => boolean): Promise<boolean> => {
  const seen = await Promise.all(folders.map((folder) => lstat(folder).catch(() => undefined)))
  return seen.every((stats) => stats !== undefined && stats.isDirectory() && isSo(stats))
}
const isPassage = ({ mode }: Stats) => (mode & 0o011) === 0o011
const isPrivate = ({ uid, gid }: Stats, user: ServiceUser | null) =>
  !user || (uid === user.uid && gid === user.gid)

/** Makes folder after folder that others may enter but not list. `top` is left as it is. */
export async function makePassages(top: string, names: string[]): Promise<string> {
  await mkdir(top, { recursive: true })
  let folder = top
  for (const name of names) {
    folder = path.join(folder, name)
    await mkdir(folder, { recursive: true })
    // Whoever made it: the umask may have taken bits away.
    const { mode } = await stat(folder)
    if ((mode & 0o011) !== 0o011) await chmod(folder, (mode & 0o777) | 0o711)
  }
  return folder
}

/** A folder that only this user (or Sluice's own) can enter. Its parent must be out of the user's hands. */
export async function makePrivate(folder: string, user: ServiceUser | null): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (user) await lchown(folder, user.uid, user.gid)
}
