import type { Preview, PreviewRule } from '../../contract/preview.ts'
import { pathOf } from '../api.ts'
import { Action } from './action.tsx'
import { plainText } from './commit.tsx'
import { State } from './state.tsx'
import { Exact } from './time.tsx'

interface PreviewsProps {
  previews: Preview[]
  rule: PreviewRule | undefined
  /** Of the service. */
  path: string
}

/** The environments of pull requests, each with its end. */
export const Previews = ({ previews, rule, path }: PreviewsProps) => (
  <div id="previews" data-live>
    {rule === undefined && previews.length === 0 ? null : (
      <section class="card">
        <h2>Previews</h2>
        <p class="hint">
          {ruleText(rule)} <a href={`${path}/settings#preview-rule`}>Rule</a>
        </p>
        <ul class="plain rows">
          {previews.map((preview) => (
            <PreviewRow preview={preview} path={path} />
          ))}
        </ul>
        {previews.length === 0 ? <p class="hint">None is open.</p> : null}
      </section>
    )}
  </div>
)

function PreviewRow({ preview, path }: { preview: Preview; path: string }) {
  const { environment, number, title, url, branch, fromFork, state, closedReason, expiresAt } = preview
  const request = `#${number} ${plainText(title)}`
  return (
    <li data-entry>
      <a href={`${path}/environments${pathOf(environment)}`}>{environment}</a>
      <span class="grow">
        {url !== null && /^https?:\/\//.test(url) ? <a href={url}>{request}</a> : request}{' '}
        <code>{plainText(branch)}</code> {fromFork ? <span class="badge">fork</span> : null}
      </span>
      {state === 'closing' ? (
        <State tone="busy" word="Being removed" />
      ) : preview.liveCommitSha === null ? (
        <State tone="off" word="Nothing live yet" />
      ) : (
        <a href={preview.serviceUrl}>Site</a>
      )}
      <span class="hint">
        {closedReason === null ? (
          <>
            until <Exact at={expiresAt} />
          </>
        ) : (
          plainText(closedReason)
        )}
      </span>
      {state === 'closing' ? null : (
        <Action
          name="Remove"
          to={`${path}/previews/remove`}
          fields={{ environment }}
          ask={`Remove ${environment} with everything of it? The next push to its request makes it anew.`}
          confirm="Yes, remove it"
          kind="danger"
        />
      )}
    </li>
  )
}

function ruleText(rule: PreviewRule | undefined): string {
  if (!rule) return 'No pull request gets one any more.'
  if (!rule.enabled) return 'Off: those that are open stay until their end.'
  const from = rule.branches.length === 0 ? 'any branch' : rule.branches.join(', ')
  const into = rule.targetBranches.length === 0 ? 'any' : rule.targetBranches.join(', ')
  return `Pull requests from ${from} into ${into} get one, at most ${rule.maxOpen} at once.`
}
