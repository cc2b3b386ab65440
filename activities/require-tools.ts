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
  const looked = await Promise.all(plan.tools.map((tool) => unmet(builder, tool, { serviceId, environment })))
  const lines = looked.filter((line) => line !== undefined)
  if (lines.length > 0) throw expected('ToolMissing', lines.join('\n'))
}

type Tool = Plan['tools'][number]

/** A sentence when the host does not have it; undefined when it does. */
async function unmet(
  builder: Builder,
  { name, version: range, reason }: Tool,
  owner: { serviceId: string; environment: string },
): Promise<string | undefined> {
  const asked = `${range ? `${name} ${range}` : name} is asked for (${reason})`
  if (!(await builder.has(name, owner))) return `${asked}, but this host has none.`
  // To start npm only to hear its version takes a fifth of a second.
  if (!range || !validRange(range)) return undefined
  const found = await builder.versionOf(name, owner)
  const version = coerce(found)
  if (version === null || satisfies(version, range)) return undefined
  return `${asked}, but this host has ${found}.`
}
