import { createHash } from 'node:crypto'
import path from 'node:path'
import { Cgroup } from './cgroup.ts'
import { type CgroupFolders, findPlace, type NoPlace } from './place.ts'

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
  if ('why' in place) return { foldersFor: () => undefined, lacking: place }
  const prefix = `sluice-${createHash('sha256').update(path.resolve(home)).digest('hex').slice(0, 12)}`
  return {
    foldersFor: (kind, id) => {
      const name = `${prefix}-${kind}-${id.replaceAll('/', '.')}`
      return Object.fromEntries(
        Object.entries(place.below).map(([controller, folder]) => [controller, path.join(folder, name)]),
      )
    },
    lacking: undefined,
  }
}

/** For where processes are not to be put into cgroups. */
export const noCgroups: Cgroups = {
  foldersFor: () => undefined,
  lacking: { why: 'cgroups are not used', fix: '' },
}
