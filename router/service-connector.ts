import { createRequire } from 'node:module'
import net from 'node:net'
import type { buildConnector } from 'undici'

type Connect = buildConnector.connector
type Written = (error?: Error | null) => void

const require = createRequire(import.meta.url)
const build = require('undici/lib/core/connect.js') as typeof buildConnector

/** Long enough to read what has already arrived. */
const graceMs = 250

/**
 * Connects to services. A service may answer an upload early and close (413): the next write then fails, and Node
 * would destroy the connection with the answer unread. So a failed write is told a little later than a failed read.
 */
export function serviceConnector(timeoutMs: number): Connect {
  const connect = build({ timeout: timeoutMs, allowH2: false, noDelay: true })
  return (options, callback) => {
    const done: typeof callback = (...result) => {
      if (result[1] instanceof net.Socket) readBeforeFailing(result[1])
      callback(...result)
    }
    // undici uses the socket that is returned to watch over the connection attempt.
    return connect(options, done)
  }
}

function readBeforeFailing(socket: net.Socket): void {
  const { _write: write, _writev: writev } = socket
  const late = (written: Written): Written => {
    return (error) => (error ? void setTimeout(written, graceMs, error) : written())
  }
  socket._write = (chunk: unknown, encoding, written) => write.call(socket, chunk, encoding, late(written))
  if (writev) socket._writev = (chunks, written) => writev.call(socket, chunks, late(written))
}
