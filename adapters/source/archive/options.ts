import type { LookupAddress } from 'node:dns'

export interface ArchiveSourceOptions {
  /** Folder for the archives; made when absent, readable by Sluice's own user only. */
  directory: string
  /** Bytes of an archive at most. */
  limit: number
  /** Hosts, or `host:port`, that may be reached on private addresses. */
  privateHosts: readonly string[]
  /** Certificate authority that is trusted besides those of the machine. */
  caFile?: string | undefined
  /** Name resolution; `dns.lookup` when absent. */
  lookup?: ((host: string) => Promise<LookupAddress[]>) | undefined
  /** The whole url behind one whose secret part is not shown; undefined when there is none. */
  secretUrl?: ((serviceId: string, ref: string) => Promise<string | undefined>) | undefined
}

/** Dokku takes 10,000 entries as well. */
export const archiveLimits = {
  entries: 10_000,
  /** A jar is not unpacked, and one with all that it needs holds many classes. */
  jarEntries: 200_000,
  /** What it unpacks to, in times of the limit for the archive itself. */
  expansion: 4,
  /** No source compresses better than this, which bombs do; small archives may, since text repeats itself. */
  ratio: 200,
  ratioFrom: 64 * 1024 ** 2,
  /** Below Linux's PATH_MAX, with room for the folder in front. */
  pathBytes: 3000,
  nameBytes: 255,
  depth: 200,
  /** A larger file is no detection file, whatever its name. */
  detectionFileBytes: 1024 ** 2,
  /** All detection files together. */
  detectionBytes: 32 * 1024 ** 2,
} as const

/** Recent archives of a service that are kept for a retry, and those younger than this many milliseconds. */
export const keptWithoutNeed = { newest: 5, ageMs: 60 * 60_000 } as const

/** Milliseconds for a url: until it answers, until more of it comes, and for all of it. */
export const downloadTimeouts = { answer: 30_000, silence: 60_000, whole: 10 * 60_000 } as const
