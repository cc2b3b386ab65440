import type { ServiceSettingsView } from '../read/service-settings.ts'
import { Action } from './action.tsx'
import { Allowed } from './allowed.tsx'
import { Choice, Line } from './field.tsx'

const day = 86_400

/** Which pull requests get an environment. What cannot be is said by the API. */
export const PreviewRuleCard = ({
  service,
  previewRule: rule,
  path,
}: ServiceSettingsView & { path: string }) => (
  <Allowed needs="admin">
    <section class="card" id="preview-rule">
      <h2>Previews of pull requests</h2>
      <p class="hint">The webhook has to tell of pull requests.</p>
      <form method="post" action={`${path}/preview-rule`} class="stack fields">
        <label class="check">
          <input type="checkbox" name="enabled" value="true" checked={rule?.enabled ?? true} /> deploy pull
          requests
        </label>
        <label class="check">
          <input type="checkbox" name="allowForks" value="true" checked={rule?.allowForks ?? false} /> those
          of forks too, without secrets
        </label>
        <Line
          id="branches"
          label="From these branches, * is any text; from any when empty"
          value={rule?.branches.join(' ')}
        />
        <Line id="targetBranches" label="Into these branches" value={rule?.targetBranches.join(' ')} />
        <Line
          id="days"
          label="Days after the last push at which one is removed"
          type="number"
          min={1}
          value={String(Math.ceil((rule?.ttl ?? 7 * day) / day))}
        />
        <Line
          id="maxOpen"
          label="At most so many at once"
          type="number"
          min={1}
          value={String(rule?.maxOpen ?? 10)}
        />
        <Choice
          id="variablesFrom"
          label="With the variables of"
          none="the service alone"
          options={service.environments.filter((name) => !/^(production|pr-\d+)$/.test(name))}
          value={rule ? (rule.variablesFrom ?? undefined) : 'staging'}
        />
        <Line
          id="domain"
          label="Host name beside their own, with {number} in it"
          placeholder="pr-{number}.shop.example.com"
          value={rule?.domain ?? undefined}
        />
        <div>
          <button>{rule ? 'Save' : 'Have previews'}</button>
        </div>
      </form>
      {rule ? (
        <div class="actions">
          <Action
            name="Have none any more"
            to={`${path}/preview-rule/remove`}
            needs="admin"
            ask="Remove the rule, and every preview that is open?"
            confirm="Yes, remove them"
            kind="danger"
          />
        </div>
      ) : null}
    </section>
  </Allowed>
)
