import type { TokenRole } from '../contract/token.ts'

export interface TokenRow {
  id: string
  name: string
  role: TokenRole
  /** The one service that it reaches; null for all. */
  serviceId: string | null
  createdBy: string
  createdAt: Date
  expiresAt: Date | null
  lastUsedAt: Date | null
}

/** Tokens by their hash: the tokens themselves are known to their owners only. */
export interface TokenStore {
  /** @param token.hash SHA-256 of the token, hex. @returns undefined when its service does not exist */
  create(token: Omit<TokenRow, 'createdAt' | 'lastUsedAt'> & { hash: string }): Promise<TokenRow | undefined>
  /** Also one that has expired. */
  findByHash(hash: string): Promise<TokenRow | undefined>
  find(id: string): Promise<TokenRow | undefined>
  /** Newest first; of one service when it is given. */
  list(serviceId?: string): Promise<TokenRow[]>
  /** Notes that it was used; at most once a minute, else every request would write. */
  used(id: string): Promise<void>
  /** False when there was none. */
  remove(id: string): Promise<boolean>
}
