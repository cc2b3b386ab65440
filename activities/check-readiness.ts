import { Context } from '@temporalio/activity'
import { isFailureCode } from '../contract/failures.ts'
import type { Finding } from '../contract/deployment.ts'
import type { DeployInput, StepReport } from '../contract/workflows.ts'
import type { Ports } from '../ports/index.ts'
import { newDeployment } from '../ports/new-deployment.ts'
import { asStep } from './step.ts'
import { expected } from './typed-failure.ts'

/**
 * Looks whether everything is there that the deployment needs; changes nothing but its own record.
 * It also makes sure that this record exists: whoever accepted the deployment may have died before writing it.
 */
export const checkReadiness = ({ readiness, store }: Pick<Ports, 'readiness' | 'store'>) => {
  const record = async (input: DeployInput) => {
    const runId = Context.current().info.workflowExecution?.runId ?? ''
    await store.deployments.recordQueued(newDeployment(input, input))
    await store.deployments.started(input.deploymentId, { runId, at: new Date() })
  }
  const check = async (input: DeployInput, signal: AbortSignal): Promise<StepReport> => {
    const findings = await readiness.check(input, signal)
    if (findings.length > 0) throw notReady(findings)
    return { detail: 'everything needed is there' }
  }
  return asStep('preflight', { store }, check, record)
}

/** One finding with a code of its own keeps it, so that its hint is shown. */
function notReady(findings: Finding[]) {
  const [only] = findings
  if (findings.length === 1 && only && isFailureCode(only.code)) return expected(only.code, only.message)
  const lines = findings.map(({ code, message, fix }) => `${code}: ${message}${fix ? ` — ${fix}` : ''}`)
  return expected('PreflightFailed', lines.join('\n'))
}
