import type { Plan } from '../contract/plan.ts'
import { CliError } from './cli-error.ts'

/** Without a server: the same code that the deploy uses looks at the folder. @throws CliError when there is no plan */
export async function planFolder(directory: string): Promise<Plan> {
  const [{ readTree }, { isDetectionFile, plan }, { PlanError }] = await Promise.all([
    import('../stack/read-tree.ts'),
    import('../plan/index.ts'),
    import('../contract/plan.ts'),
  ])
  try {
    return plan(await readTree(directory, isDetectionFile))
  } catch (error) {
    if (!(error instanceof PlanError)) throw error
    const details = error.details.map(({ pointer, message }) => `\n    ${pointer}: ${message}`)
    throw new CliError(`${error.message} (${error.code})${details.join('')}`)
  }
}
