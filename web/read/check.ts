import type { Finding } from '../../contract/deployment.ts'
import type { Plan } from '../../contract/plan.ts'
import type { Problem } from '../../contract/problems.ts'
import type { Environment } from '../../contract/service.ts'
import { ApiProblem, pathOf, type Api } from '../api.ts'

export interface CheckView {
  environment: Environment
  findings: Finding[]
  plan: Plan | undefined
  /** Why there is no plan. */
  planProblem: Problem | undefined
}

/** Looks at everything that a deployment needs, and changes nothing. */
export async function readCheck(api: Api, serviceId: string, name: string): Promise<CheckView> {
  const path = pathOf('services', serviceId, 'environments', name)
  const environment = await api.get<Environment>(path)
  const [preflight, planned] = await Promise.all([
    api.get<{ findings: Finding[] }>(`${path}/preflight`),
    api.get<Plan>(`${path}/plan`).then(
      (plan) => ({ plan, planProblem: undefined }),
      (error: unknown) => {
        if (error instanceof ApiProblem && error.problem.status === 422)
          return { plan: undefined, planProblem: error.problem }
        throw error
      },
    ),
  ])
  return { environment, findings: preflight.findings, ...planned }
}
