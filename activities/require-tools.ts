import type { Plan } from '../contract/plan.ts'
import type { DeployInput, ReleaseRef } from '../contract/workflows.ts'
import type { Toolchain } from '../ports/builder.ts'
import type { Ports } from '../ports/index.ts'
import { expected } from './typed-failure.ts'

const stamp = 'toolchain'

/**
 * Chooses the programs that this release is built and run with, once: a later boot takes the same ones, whatever the
 * host gets meanwhile. Another version than the one asked for is never taken. @throws ToolMissing
 */
export async function requireTools(
  { builder, releases }: Pick<Ports, 'builder' | 'releases'>,
  plan: Plan,
  input: DeployInput,
): Promise<Toolchain> {
  const earlier = await toolchainOf({ releases }, input)
  if (earlier) return earlier
  const { serviceId, environment } = input
  const toolchain = await builder.toolchain(plan.tools, { serviceId, environment })
  if (toolchain.unmet.length > 0) throw expected('ToolMissing', toolchain.unmet.join('\n'))
  await releases.stamp(input, stamp, toolchain)
  return toolchain
}

/** Undefined for a release that was built before toolchains were kept. */
export const toolchainOf = (
  { releases }: Pick<Ports, 'releases'>,
  release: ReleaseRef,
): Promise<Toolchain | undefined> => releases.stampOf<Toolchain>(release, stamp)
