import type { Finding } from '../contract/deployment.ts'

/** The read-only checks before a deployment. Changes nothing, starts nothing. */
export interface Readiness {
  /** Every finding, not only the first; empty when the deployment may start. */
  check(
    target: {
      serviceId: string
      environment: string
      ref: string
      commitSha?: string
      trigger: string
      /** For a rollback: the release to go back to. */
      releaseNumber?: number
      /** For a rollback or a rebuild: the deployment whose variables it takes. */
      rollbackOf?: string
    },
    signal?: AbortSignal,
  ): Promise<Finding[]>
  /** Real handshakes with the databases named in these variables; a sentence for each that fails. */
  databases(
    variables: Record<string, string>,
    signal?: AbortSignal,
  ): Promise<{ variable: string; message: string }[]>
}
