import { Runtime, type Logger } from '@temporalio/worker'
import { pino, type Logger as Pino } from 'pino'

/** JSON lines on stdout, rendered by `sluice up`. The SDK's own lines go the same way. */
export function startLog(part: string, level: string): Pino {
  const log = pino({ level, base: { part }, timestamp: pino.stdTimeFunctions.isoTime })
  Runtime.install({
    logger: sdkLogger(log),
    shutdownSignals: [],
    telemetryOptions: { logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } } },
  })
  return log
}

/** The SDK warns of each failed activity; to us a failed deploy is an ordinary event. */
function sdkLogger(log: Pino): Logger {
  const at =
    (level: 'debug' | 'error') =>
    (message: string, meta?: Record<string, unknown>): void => {
      const { error, workflowId, activityType, attempt } = meta ?? {}
      log[level](
        { workflowId, activityType, attempt, ...(error instanceof Error ? { error: error.message } : {}) },
        message,
      )
    }
  const [debug, error] = [at('debug'), at('error')]
  const quieter = { TRACE: debug, DEBUG: debug, INFO: debug, WARN: debug, ERROR: error }
  return {
    log: (level, message, meta) => quieter[level](message, meta),
    trace: debug,
    debug,
    info: debug,
    warn: debug,
    error,
  }
}
