/**
 * SQLSTATE classes that mean "no connection" (08), "shutting down or starting" (57P0…) and "too many" (53300), and those
 * of a server that slept or was held up for longer than a statement (57014) or a transaction (25P03) may take.
 */
const sqlState = /^(08...|57P0.|53300|57014|25P03)$/
const socketCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
])
/** The driver has no code for these. */
const messages =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/

/** Whether an error means that the database cannot be reached, rather than that a query is wrong. */
export function isStoreDown(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isStoreDown)
  if (!(error instanceof Error)) return false
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return sqlState.test(code) || (socketCodes.has(code) && 'syscall' in error) || messages.test(error.message)
}

/** Whether a row could not be written because what it belongs to is gone (SQLSTATE 23503). */
export const isOrphan = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === '23503'
