import { randomUUID } from 'node:crypto'
import type { Child } from 'hono/jsx'
import type { TokenRole } from '../../contract/roles.ts'
import { Allowed } from './allowed.tsx'

interface ActionProps {
  name: string
  to: string
  /** Said before it is done; without it the button does it at once. */
  ask?: string
  confirm?: string
  /** Of whoever may do it; to others the button is not shown. */
  needs?: TokenRole
  kind?: 'primary' | 'danger' | 'quiet'
  fields?: Record<string, string>
  children?: Child
}

/** A button that changes something: a form of its own, behind a question where it cannot be taken back. */
export function Action({
  name,
  to,
  ask,
  confirm = name,
  needs = 'deployer',
  kind = 'quiet',
  fields = {},
  children,
}: ActionProps) {
  const form = (
    <form method="post" action={to}>
      <OnceKey />
      {Object.entries(fields).map(([field, value]) => (
        <input type="hidden" name={field} value={value} />
      ))}
      {ask ? <p>{ask}</p> : null}
      {children}
      <button class={kind}>{ask ? confirm : name}</button>
    </form>
  )
  if (!ask) return <Allowed needs={needs}>{form}</Allowed>
  return (
    <Allowed needs={needs}>
      <details class="confirm">
        <summary class={`button ${kind}`}>{name}</summary>
        <div class="question">{form}</div>
      </details>
    </Allowed>
  )
}

/** So that a form that is sent twice means one request. */
export const OnceKey = () => <input type="hidden" name="key" value={randomUUID()} data-once />
