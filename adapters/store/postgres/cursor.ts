import { BadCursor } from '../../../ports/store.ts'

/** A place in a list that is ordered by a serial number; `kind` keeps the cursors of several lists apart. */
export const cursorOf = (kind: string) => ({
  write: (seq: number): string => Buffer.from(`${kind}${seq}`).toString('base64url'),
  /** @throws BadCursor */
  read(cursor: string): number {
    const text = Buffer.from(cursor, 'base64url').toString('latin1')
    const number = text.slice(kind.length)
    if (!text.startsWith(kind) || !/^\d{1,15}$/.test(number))
      throw new BadCursor('The cursor is not one that this API gave out')
    return Number(number)
  },
})

/** One row more than the page was asked for: whether there is a next one. */
export function pageOf<T extends { seq: number }>(
  rows: T[],
  limit: number,
  write: (seq: number) => string,
): { page: T[]; nextCursor: string | null } {
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return { page, nextCursor: last && rows.length > page.length ? write(last.seq) : null }
}
