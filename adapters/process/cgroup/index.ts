import { createHash } from 'node:crypto'
import path from 'node:path'
import { Cgroup } from './cgroup.ts'
import { openUp } from './delegation.ts'
import {
  type CgroupFolders,
  type CgroupPlace,
  controllers,
  findPlace,
  forbidden,
  type NoPlace,
} from './place.ts'

export { hastenEntry } from './entry.ts'
export { Refusals } from './refusals.ts'
export { Cgroup, type CgroupFolders }

export interface Cgroups {
  /** Where the cgroup of a job or an instance is; undefined where none can be made. Makes nothing yet. */
  foldersFor(kind: 'job' | 'instance', id: string): CgroupFolders | undefined
  /** Why none can be made. */
  lacking: NoPlace | undefined
}

/** Named after the home as well: two Sluices on one machine keep apart. */
export function hostCgroups(home: string, place: ReturnType<typeof findPlace> = findPlace()): Cgroups {
  const below = 'why' in place ? place : openedUp(place)
  if ('why' in below) return { foldersFor: () => undefined, lacking: below }
  const prefix = `sluice-${createHash('sha256').update(path.resolve(home)).digest('hex').slice(0, 12)}`
  return {
    foldersFor: (kind, id) => {
      const name = `${prefix}-${kind}-${id.replaceAll('/', '.')}`
      return Object.fromEntries(
        Object.entries(below).map(([controller, folder]) => [controller, path.join(folder, name)]),
      )
    },
    lacking: undefined,
  }
}

function openedUp(place: CgroupPlace): CgroupFolders | NoPlace {
  if (place.version === 1) return place.below
  const folder = place.candidates.find((candidate) => openUp(candidate, place.own))
  if (folder === undefined) return forbidden(place.own)
  return Object.fromEntries(controllers.map((name) => [name, folder]))
}

/** For where processes are not to be put into cgroups. */
export const noCgroups: Cgroups = {
  foldersFor: () => undefined,
  lacking: { why: 'cgroups are not used', fix: '' },
}
