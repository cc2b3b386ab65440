import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { createDurable, syncAbove } from '../files/durable.ts'

/** A user of the machine that has no name and no rights but over its own files. */
export interface ServiceUser {
  uid: number
  gid: number
}

export interface ServiceUsers {
  /** The same one for ever; null when services run as the user that Sluice runs as. */
  userOf(serviceId: string, environment: string): Promise<ServiceUser | null>
}

/** Above what distributions give to people (60000), DynamicUser (65519) and the usual first range of subuids. */
const firstUid = 200_000
const perHome = 1000
const homes = 300

/**
 * One uid per service and environment when Sluice is root. `directory` holds a file per uid with the name of whose
 * it is: a file that is never removed is a uid that is never given twice.
 */
export function serviceUsers({
  directory,
  isolation,
}: {
  directory: string
  isolation: 'auto' | 'none'
}): ServiceUsers {
  if (isolation === 'none' || process.getuid?.() !== 0) return { userOf: async () => null }
  const known = new Map<string, number>()
  return {
    userOf: async (serviceId, environment) => {
      const owner = `${serviceId}/${environment}`
      if (!known.has(owner)) known.set(owner, await allocate(directory, owner))
      const uid = known.get(owner)!
      return { uid, gid: uid }
    },
  }
}

async function allocate(directory: string, owner: string): Promise<number> {
  const made = await mkdir(directory, { recursive: true, mode: 0o700 })
  for (;;) {
    const taken = await readAll(directory)
    // Of several that were given at the same moment the lowest counts, for everybody.
    const own = [...taken].filter(([, whose]) => whose === owner).map(([uid]) => uid)
    if (own.length > 0) return Math.min(...own)
    const next = Math.max(startOf(directory) - 1, ...taken.keys()) + 1
    await createDurable(path.join(directory, String(next)), `${owner}\n`, { mode: 0o600 })
    await syncAbove(directory, made)
  }
}

async function readAll(directory: string): Promise<Map<number, string>> {
  const names = (await readdir(directory)).filter((name) => /^\d+$/.test(name))
  const owners = names.map(async (name): Promise<[number, string]> => [
    Number(name),
    (await readFile(path.join(directory, name), 'utf8')).trim(),
  ])
  return new Map(await Promise.all(owners))
}

/** Several homes on one machine start at different places, so that their services are strangers to each other. */
function startOf(directory: string): number {
  return firstUid + (createHash('sha256').update(directory).digest().readUInt32BE() % homes) * perHome
}

const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((file) => existsSync(file))

/** Words to put before a command so that it runs as that user, without other groups and unable to gain rights. */
export function asUser(user: ServiceUser | null, tool: string | undefined = setpriv): string[] {
  if (!user) return []
  const { uid, gid } = user
  if (tool) {
    return [tool, '--reuid', `${uid}`, '--regid', `${gid}`, '--clear-groups', '--no-new-privs', '--']
  }
  // No util-linux here: Node itself gives up root and then becomes the command.
  const script =
    'process.setgroups([]);process.setgid(+process.argv[2]);process.setuid(+process.argv[1]);' +
    'process.execve(process.argv[3],process.argv.slice(3))'
  return [process.execPath, '-e', script, '--', `${uid}`, `${gid}`]
}
