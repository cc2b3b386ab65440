/** A buildpack that somebody asked for by its url. */
export interface PackAddress {
  /** Without credentials: https, ssh, or a folder of this machine. */
  url: string
  /** Branch, tag or commit; null for the default branch. */
  ref: string | null
  credentials: { username: string; password: string } | null
}

export interface OpenedPack {
  /** Readable by every service's user, and never changed. */
  directory: string
  /** Whether there is a bin/release. */
  hasRelease: boolean
}

/** Classic buildpacks, kept on this host. Nothing of them is executed here. */
export interface Packs {
  /**
   * Fetches what the address means now, unless it is here. Answers what it was pinned to: the commit, or `sha256:…` of an
   * archive or a folder. @throws SourceError (ports/source.ts)
   */
  fetch(address: PackAddress, signal: AbortSignal): Promise<string>
  /** Undefined when it is not on this host (any more). */
  open(url: string, pin: string): Promise<OpenedPack | undefined>
}
