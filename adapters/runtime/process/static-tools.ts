import { constants } from 'node:fs'
import { chmod, copyFile, rename, stat } from 'node:fs/promises'
import path from 'node:path'
import { syncFile } from '../../files/durable.ts'
import { barrierTo } from '../../process/reachable.ts'
import { makePassages } from '../../process/service-folders.ts'
import type { ServiceUser } from '../../process/service-user.ts'

/** What a service of plain files is started with. */
export interface StaticTools {
  /** Sluice's own Node, absolute. */
  node: string
  /** `static-server.mjs`, absolute. */
  server: string
}

/**
 * The same tools where the service's user can reach them: Sluice may be installed under somebody's home.
 * `directory` gets a copy of those it cannot reach.
 */
export async function toolsFor(
  tools: StaticTools,
  user: ServiceUser | null,
  directory: string,
): Promise<StaticTools> {
  if (!user) return tools
  return {
    node: await reachableCopy(tools.node, user, directory),
    server: await reachableCopy(tools.server, user, directory),
  }
}

async function reachableCopy(file: string, user: ServiceUser, directory: string): Promise<string> {
  const original = await stat(file)
  if (original.mode & 0o004 && !(await barrierTo(file, user))) return file
  // Another version is another file: a running service keeps the one it was started with.
  const folder = await makePassages(directory, [`${original.size}-${Math.floor(original.mtimeMs)}`])
  const copy = path.join(folder, path.basename(file))
  if (await stat(copy).catch(() => undefined)) return copy
  const temporary = `${copy}.${process.pid}.tmp`
  await copyFile(file, temporary, constants.COPYFILE_FICLONE)
  await chmod(temporary, 0o755)
  // It is never looked at again: after a power loss an empty file would be started.
  await syncFile(temporary)
  await rename(temporary, copy)
  return copy
}
