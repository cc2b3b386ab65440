import { chmod, lchown, mkdir, stat } from 'node:fs/promises'
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
    const own = path.join(caches, serviceId, environment)
    await makePassages(path.dirname(caches), [path.basename(caches), serviceId, environment])
    const folders = {
      home: path.join(own, 'home'),
      temporary: path.join(own, 'tmp'),
      cache: path.join(own, 'cache'),
    }
    for (const folder of Object.values(folders)) await makePrivate(folder, user)
    return { ...folders, trees: await makePassages(own, ['trees']) }
  }

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
