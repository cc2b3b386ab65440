import type { AuditEntry } from '../../contract/audit.ts'
import type { Api } from '../api.ts'

export interface AuditView {
  entries: AuditEntry[]
  nextCursor: string | null
  /** As the address has them. */
  filter: Record<AuditFilterName, string>
}

const filterNames = ['serviceId', 'environment', 'actor', 'action', 'outcome'] as const
export type AuditFilterName = (typeof filterNames)[number]

/** Entries of a page. */
const shown = 50

export async function readAudit(api: Api, query: Record<string, string>): Promise<AuditView> {
  const filter = Object.fromEntries(filterNames.map((name) => [name, query[name]?.trim() ?? ''])) as Record<
    AuditFilterName,
    string
  >
  const wanted = new URLSearchParams({ limit: String(shown) })
  for (const [name, value] of Object.entries({ ...filter, cursor: query['cursor'] ?? '' }))
    if (value !== '') wanted.set(name, value)
  const { data, nextCursor } = await api.get<{ data: AuditEntry[]; nextCursor: string | null }>(
    `/audit?${wanted}`,
  )
  return { entries: data, nextCursor, filter }
}
