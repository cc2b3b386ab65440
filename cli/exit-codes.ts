/** What the exit status of `sluice` means; scripts depend on these. */
export const exitCodes = {
  ok: 0,
  error: 1,
  usage: 2,
  /** The deployment failed; what it had changed was undone. */
  failed: 3,
  /** No token, or one that is not accepted. */
  auth: 4,
  /** The deployment failed, and undoing failed as well. */
  compensationFailed: 5,
  /** The wait ended before the deployment did, which goes on. */
  waitTimeout: 6,
  /** Superseded by a newer deployment, or canceled. */
  overtaken: 7,
  interrupted: 130,
} as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
