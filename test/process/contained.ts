import { readdirSync } from 'node:fs'
import { type CgroupFolders, hostCgroups } from '../../adapters/process/cgroup/index.ts'
import { findPlace } from '../../adapters/process/cgroup/place.ts'

const place = findPlace()

/** Why tests of cgroups are skipped here; undefined where they run. */
export const noCgroups = 'why' in place ? place.why : undefined

/** Where memory and processes can be limited as well. */
export const canLimit =
  !('why' in place) &&
  (place.version === 2 || (place.below.memory !== undefined && place.below.pids !== undefined))

/** Why, behind the name of what is skipped. */
export const skipped = canLimit ? '' : ` (skipped: ${noCgroups ?? 'no controllers for memory and pids'})`

/** Folders of cgroups that a home has left behind. */
export function cgroupsOf(home: string): string[] {
  const folders = hostCgroups(home).foldersFor('job', 'x') ?? {}
  return [...new Set(Object.values(folders))].flatMap((folder) => {
    const below = folder.slice(0, folder.lastIndexOf('/'))
    const prefix = folder.slice(folder.lastIndexOf('/') + 1).replace(/-job-x$/, '')
    return readdirSync(below)
      .filter((name) => name.startsWith(prefix))
      .map((name) => `${below}/${name}`)
  })
}

/** Commands that put the shell into cgroups made inside of these. */
export const intoChildren = (folders: CgroupFolders): string =>
  [...new Set(Object.values(folders))]
    .map(
      (folder) => `mkdir -p ${folder}/child/inner && sh -c 'echo $PPID' >${folder}/child/inner/cgroup.procs`,
    )
    .join('; ')
