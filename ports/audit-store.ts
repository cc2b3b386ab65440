import type { AuditEntry } from '../contract/audit.ts'

export interface AuditFilter {
  serviceId?: string | undefined
  environment?: string | undefined
  actor?: string | undefined
  action?: string | undefined
  outcome?: 'done' | 'refused' | undefined
  since?: Date | undefined
  until?: Date | undefined
  limit: number
  cursor?: string | undefined
}

/** Who did what. Entries are only ever added, and dropped after 400 days. */
export interface AuditStore {
  add(entry: Omit<AuditEntry, 'at'>): Promise<void>
  /** Newest first. `nextCursor` is null on the last page. @throws BadCursor */
  list(filter: AuditFilter): Promise<{ data: AuditEntry[]; nextCursor: string | null }>
}
