import type { Deployment } from '../contract/deployment.ts'
import { exitCodes, type ExitCode } from './exit-codes.ts'

/** The exit status that tells a script how a deployment ended. */
export function exitCodeOf({ status, compensation }: Pick<Deployment, 'status' | 'compensation'>): ExitCode {
  if (status === 'FAILED') return compensation === 'FAILED' ? exitCodes.compensationFailed : exitCodes.failed
  return status === 'CANCELED' || status === 'SUPERSEDED' ? exitCodes.overtaken : exitCodes.ok
}
