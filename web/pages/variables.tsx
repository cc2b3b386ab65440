import type { Variable } from '../../contract/service.ts'
import { Action } from './action.tsx'
import { Allowed } from './allowed.tsx'
import { Moment } from './time.tsx'

interface VariablesProps {
  variables: Variable[]
  path: string
  liveSince: string | undefined
}

/** Variables by name; what is secret is written and never shown. */
export function Variables({ variables, path, liveSince }: VariablesProps) {
  const isPending = ({ updatedAt }: Variable) => liveSince !== undefined && updatedAt > liveSince
  return (
    <section class="card" id="variables">
      <h2>Variables</h2>
      {variables.some(isPending) ? (
        <p class="note">Changes that are not live yet: the next deploy takes them.</p>
      ) : null}
      <ul class="plain rows">
        {variables.map((variable) => (
          <li data-entry>
            <code class="grow">{variable.name}</code>
            <code class="value">{variable.secret ? '••••••••' : variable.value}</code>
            <span class="hint">
              {isPending(variable) ? <span class="badge">pending</span> : null}{' '}
              {variable.inheritedFrom === null ? null : `from ${variable.inheritedFrom} `}
              <Moment at={variable.updatedAt} />
            </span>
            {variable.inheritedFrom === null ? (
              <Action
                name="Remove"
                to={`${path}/variables/remove`}
                needs="admin"
                fields={{ name: variable.name }}
                ask={`Remove ${variable.name}? The live release keeps it until the next deploy.`}
                confirm="Yes, remove it"
                kind="danger"
              />
            ) : null}
          </li>
        ))}
      </ul>
      <Allowed needs="admin">
        <form method="post" action={`${path}/variables`} class="stack">
          <label for="lines">Set variables: NAME=value, one a line; a whole .env file may be pasted</label>
          <textarea
            id="lines"
            name="lines"
            rows={4}
            spellcheck={false}
            autocomplete="off"
            required
          ></textarea>
          <label class="check">
            <input type="checkbox" name="plain" value="true" /> no secrets: show their values here
          </label>
          <div>
            <button>Set</button>
          </div>
        </form>
      </Allowed>
    </section>
  )
}
