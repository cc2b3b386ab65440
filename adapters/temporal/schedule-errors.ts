import { isGrpcServiceError } from '@temporalio/client'
import { ScheduleRefused, SchedulesUnavailable } from '../../ports/schedules.ts'

const invalidArgument = 3

/** What Temporal says of a Schedule, in the words of the port. */
export function translated(error: unknown): unknown {
  const code = codeOf(error)
  const message = error instanceof Error ? error.message : String(error)
  if (code === undefined) return error
  if (code === invalidArgument) return new ScheduleRefused(message)
  return new SchedulesUnavailable(
    'Temporal does not keep schedules just now. Start it (`sluice up`), then send the same request again.',
    { cause: error },
  )
}

/** The SDK wraps what gRPC says. */
function codeOf(error: unknown): number | undefined {
  if (isGrpcServiceError(error)) return error.code
  return error instanceof Error && error.cause !== undefined ? codeOf(error.cause) : undefined
}
