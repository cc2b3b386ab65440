import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { leaf } from './delegation.ts'
import { type CgroupMount, folderIn, parseMounts, parseOwnPaths } from './mounts.ts'

/** What is used of the kernel's controllers. Version 2 has `freezer` (and a kill) in every cgroup. */
export const controllers = ['memory', 'pids', 'freezer', 'cpu'] as const
export type Controller = (typeof controllers)[number]

/** A folder per controller that is there; with version 2 it is the same one for all. */
export type CgroupFolders = Partial<Record<Controller, string>>

/** Below these folders Sluice may make cgroups of its own. */
export type CgroupPlace =
  | { version: 1; below: CgroupFolders }
  /** Version 2: the first that can be opened up is taken (`delegation.ts`). `own` is where this process is. */
  | { version: 2; candidates: string[]; own: string }

/** Why no cgroup can be made here, and what to do about it. */
export interface NoPlace {
  why: string
  fix: string
}

export interface KernelView {
  mountinfo: string
  /** Of this process. */
  cgroup: string
}

const kernelView = (): KernelView => ({
  mountinfo: readFileSync('/proc/self/mountinfo', 'utf8'),
  cgroup: readFileSync('/proc/self/cgroup', 'utf8'),
})

/**
 * Where cgroups can be made. Only looks. With version 1 below Sluice's own, so that the limits it is under itself hold for
 * services too. With version 2 at the top where that is allowed: below its own a cgroup may hold either processes
 * or limited cgroups, and a service manager could not start Sluice's unit again while services live on inside of it.
 */
export function findPlace(view?: KernelView): CgroupPlace | NoPlace {
  if (process.platform !== 'linux') return { why: 'this system has no cgroups', fix: 'Run Sluice on Linux.' }
  const { mountinfo, cgroup } = view ?? kernelView()
  const mounts = parseMounts(mountinfo)
  const own = parseOwnPaths(cgroup)
  const first = mounts.filter(({ version }) => version === 1)
  if (first.some((mount) => mount.controllers.includes('memory') || mount.controllers.includes('pids'))) {
    return placeInFirst(first, own)
  }
  const second = mounts.find(({ version }) => version === 2)
  if (second) return placeInSecond(second, own.get('') ?? '/')
  return { why: 'no cgroups are mounted', fix: 'Mount cgroup2 at /sys/fs/cgroup.' }
}

function placeInFirst(mounts: CgroupMount[], own: Map<string, string>): CgroupPlace | NoPlace {
  const below: CgroupFolders = {}
  for (const controller of controllers) {
    const mount = mounts.find((one) => one.controllers.includes(controller))
    const folder = mount && folderIn(mount, own.get(controller) ?? '/')
    if (folder && mayWrite(folder)) below[controller] = folder
  }
  return Object.keys(below).length > 0 ? { version: 1, below } : forbidden(mounts[0]!.mountPoint)
}

function placeInSecond(mount: CgroupMount, ownPath: string): CgroupPlace | NoPlace {
  // Only the kernel's topmost cgroup has no type.
  const top = mount.root === '/' && !existsSync(path.join(mount.mountPoint, 'cgroup.type'))
  const own = folderIn(mount, ownPath)
  // A service manager that was asked to has put the agent into a cgroup `agent` of a unit that is Sluice's to use.
  const delegated = path.basename(own) === leaf ? path.dirname(own) : own
  const candidates = (top ? [mount.mountPoint, delegated] : [delegated]).filter(mayWrite)
  return candidates.length > 0 ? { version: 2, candidates, own } : forbidden(delegated)
}

export const forbidden = (folder: string): NoPlace => ({
  why: `no cgroups can be made in ${folder}`,
  fix:
    'Run the agent as root, or let its unit have `Delegate=yes`; in a container, mount /sys/fs/cgroup writable ' +
    'with a cgroup namespace of its own.',
})

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return true
  } catch {
    return false
  }
}
