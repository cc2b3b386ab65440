/** Links that sign a browser in, by their hash: what is in them is known to whoever asked for them only. */
export interface SignInLinkStore {
  /** Also removes those that have expired. @param link.hash SHA-256 of the code in the link, hex */
  keep(link: { hash: string; sealedToken: string; expiresAt: Date }, now: Date): Promise<void>
  /** Gives it once, also when it has expired. */
  take(hash: string): Promise<{ sealedToken: string; expiresAt: Date } | undefined>
}
