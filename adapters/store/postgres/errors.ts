/** SQLSTATE of PostgreSQL, or the code of the socket. */
export function pgErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

export const isUniqueViolation = (error: unknown): boolean => pgErrorCode(error) === '23505'

/** What the row belongs to is not there (any more). */
export const isOrphan = (error: unknown): boolean => pgErrorCode(error) === '23503'
