import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Name of the cgroup that the agent is put into, or moves into, below one that is delegated to it. */
export const leaf = 'agent'

/**
 * Lets the cgroups below this one of version 2 have limits. One with processes of its own cannot: this process moves
 * down, which helps if it is alone there. False when it cannot be.
 */
export function openUp(folder: string, own: string): boolean {
  const allow = () => {
    const control = path.join(folder, 'cgroup.subtree_control')
    const wanted = ['memory', 'pids', 'cpu']
    const lacking = wanted.filter((name) => !readFileSync(control, 'utf8').trim().split(' ').includes(name))
    const there = readFileSync(path.join(folder, 'cgroup.controllers'), 'utf8').trim().split(' ')
    for (const name of lacking) if (there.includes(name)) writeFileSync(control, `+${name}`)
    return there.includes('memory') && there.includes('pids')
  }
  try {
    return allow()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || folder !== own) return false
  }
  const inner = path.join(folder, leaf)
  try {
    mkdirSync(inner, { recursive: true })
    writeFileSync(path.join(inner, 'cgroup.procs'), '0')
    return allow()
  } catch {
    // Others are in it as well, and they are not Sluice's to move.
    writeFileSync(path.join(folder, 'cgroup.procs'), '0')
    rmdirSync(inner)
    return false
  }
}
