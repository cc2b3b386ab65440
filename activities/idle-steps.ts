import type { Plan } from '../contract/plan.ts'
import type { FetchReport } from '../contract/workflows.ts'

/** What a step shows that has no command in the plan. */
export const nothingTo = {
  install: 'nothing to install',
  build: 'nothing to build',
  migrate: 'no migration hook',
} as const

/** The steps of a deployment of this plan that have nothing to do. `install` also checks the tools that are asked for. */
export function idleSteps({ install, build, migrate, tools, packs }: Plan): NonNullable<FetchReport['idle']> {
  const isIdle = { install: !install && tools.length === 0, build: !build && !packs, migrate: !migrate }
  return (['install', 'build', 'migrate'] as const)
    .filter((step) => isIdle[step])
    .map((step) => ({ step, detail: nothingTo[step] }))
}
