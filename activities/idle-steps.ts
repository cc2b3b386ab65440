import type { Plan } from '../contract/plan.ts'
import type { FetchReport } from '../contract/workflows.ts'

/** What a step shows that has no command in the plan. */
export const nothingTo = {
  install: 'nothing to install',
  build: 'nothing to build',
  migrate: 'no migration hook',
  reload: 'no reload hook',
} as const

/**
 * The steps of a deployment of this plan that have nothing to do. `install` also checks the tools that are asked for;
 * without a reload the switch looks at the candidate once more.
 */
export function idleSteps(plan: Plan): NonNullable<FetchReport['idle']> {
  const { install, build, migrate, reload, tools, packs } = plan
  const isIdle = {
    install: !install && tools.length === 0,
    build: !build && !packs,
    migrate: !migrate,
    reload: !reload,
  }
  return (['install', 'build', 'migrate', 'reload'] as const)
    .filter((step) => isIdle[step])
    .map((step) => ({ step, detail: nothingTo[step] }))
}
