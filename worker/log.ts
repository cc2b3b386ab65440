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

/** The SDK reports each failed activity as a warning; to us a failed deploy is an ordinary event. */
function sdkLogger(log: Pino): Logger {
  const at =
    (level: 'debug' | 'info' | 'error') =>
    (message: string, meta?: Record<string, unknown>): void => {
      const { error, workflowId, activityType, attempt } = meta ?? {}
      log[level](
        { workflowId, activityType, attempt, ...(error instanceof Error ? { error: error.message } : {}) },
        message,
      )
    }
  const [debug, info, error] = [at('debug'), at('info'), at('error')]
  const quieter = { TRACE: debug, DEBUG: debug, INFO: debug, WARN: info, ERROR: error }
  return {
    log: (level, message, meta) => quieter[level](message, meta),
    trace: debug,
    debug,
    info: debug,
    warn: info,
    error,
  }
}
