/** One JSON line on stdout. Never called per request. */
export function log(event: string, fields: Record<string, unknown> = {}): void {
  process.stdout.write(
    `${JSON.stringify({ time: new Date().toISOString(), pid: process.pid, event, ...fields })}\n`,
  )
}

// Whoever reads the log may go away; traffic must not.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})
