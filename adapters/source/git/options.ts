import type { LookupAddress } from 'node:dns'

export interface GitSourceOptions {
  /** Folder for the mirrors; made when absent, readable by Sluice's own user only. */
  mirrors: string
  /** Folders whose local repositories may be deployed. */
  sourceRoots: readonly string[]
  /** Folder of the repositories that people push to; absent on a host that has none. */
  repositories?: string | undefined
  /** Hosts, or `host:port`, that may be reached on private addresses. */
  privateHosts: readonly string[]
  /** Certificate authority that is trusted besides those of the machine. */
  caFile?: string | undefined
  /** For `ssh` urls; ssh's own defaults for the user of this process when absent. */
  ssh?: { identityFile?: string; knownHostsFile?: string } | undefined
  /** Name resolution; `dns.lookup` when absent. */
  lookup?: ((host: string) => Promise<LookupAddress[]>) | undefined
}

/** Milliseconds. A ref list is small; ten minutes fetch a few GB over a slow line. */
export const timeouts = { probe: 15_000, fetch: 10 * 60_000, local: 10 * 60_000 } as const

/** Far above what a web service has; a repository can be made to expand without end ("git bomb"). */
export const treeLimits = {
  paths: 100_000,
  bytes: 8 * 1024 ** 3,
  /** Of the output of `ls-tree`. */
  listingBytes: 64 * 1024 ** 2,
  /** Below Linux's PATH_MAX, with room for the folder in front. */
  pathBytes: 3000,
  nameBytes: 255,
  /** A larger file is no detection file, whatever its name. */
  detectionFileBytes: 1024 ** 2,
  /** All detection files together. */
  detectionBytes: 32 * 1024 ** 2,
} as const
