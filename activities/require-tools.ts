import { coerce, satisfies, validRange } from 'semver'
import type { Plan } from '../contract/plan.ts'
import type { DeployInput } from '../contract/workflows.ts'
import type { Builder } from '../ports/builder.ts'
import { expected } from './typed-failure.ts'

/**
 * A version pin that cannot be met ends the deploy with what is asked for and what is there;
 * another version is never taken silently. @throws ToolMissing
 */
export async function requireTools(builder: Builder, plan: Plan, input: DeployInput): Promise<void> {
  const { serviceId, environment } = input
  const looked = await Promise.all(
    plan.tools.map(async (tool) => ({ ...tool, found: await builder.versionOf(tool.name, { serviceId, environment }) })),
  )
  const unmet = looked.filter(({ version, found }) => found === null || !meets(found, version))
  if (unmet.length === 0) return
  const lines = unmet.map(({ name, version, reason, found }) => {
    const asked = version ? `${name} ${version}` : name
    return `${asked} is asked for (${reason}), but this host has ${found === null ? 'none' : found || 'one of unknown version'}.`
  })
  throw expected('ToolMissing', lines.join('\n'))
}

function meets(found: string, range: string | null): boolean {
  if (!range || !validRange(range)) return true
  const version = coerce(found)
  return version === null || satisfies(version, range)
}
