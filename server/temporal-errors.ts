import { isGrpcServiceError, WorkflowUpdateRPCTimeoutOrCancelledError } from '@temporalio/client'

/** gRPC status codes. */
const cancelled = 1
const deadlineExceeded = 4
const resourceExhausted = 8
const aborted = 10
const unavailable = 14

/** Whether Temporal (or the worker behind it) could not be reached in time, rather than having refused. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true
  const code = grpcCode(error)
  return (
    code !== undefined &&
    [cancelled, deadlineExceeded, resourceExhausted, aborted, unavailable].includes(code)
  )
}

/** The SDK wraps what gRPC says. */
function grpcCode(error: unknown): number | undefined {
  if (isGrpcServiceError(error)) return error.code
  return error instanceof Error && error.cause !== undefined ? grpcCode(error.cause) : undefined
}
