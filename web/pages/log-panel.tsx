import type { Deployment } from '../../contract/deployment.ts'
import { pathOf } from '../api.ts'

/** The log: filled and kept up by the client script; without one, the raw text is a link away. */
export function LogPanel({ deployment }: { deployment: Deployment }) {
  const path = pathOf('deployments', deployment.id)
  return (
    <div class="card log-panel">
      <div class="log-head">
        <h2>Log</h2>
        <label class="only">
          <span class="hidden">Step</span>
          <select id="log-step">
            <option value="">all steps</option>
            {deployment.steps.map(({ name }) => (
              <option value={name}>{name}</option>
            ))}
          </select>
        </label>
        <label class="search">
          <span class="hidden">Search the log</span>
          <input id="log-search" type="search" placeholder="Search" autocomplete="off" spellcheck={false} />
        </label>
        <span id="log-found" class="hint"></span>
        <button id="log-follow" class="quiet" aria-pressed="true">
          Follow
        </button>
        <a class="button quiet" href={`${path}/log.txt?download`}>
          Download
        </a>
      </div>
      <p id="log-gone" class="hint log-gone" hidden>
        The oldest lines are no longer shown here; <a href={`${path}/log.txt`}>the raw log</a> has them all.
      </p>
      <div class="log-frame">
        <div id="log" class="log" tabindex={0} role="region" aria-label="Log"></div>
        <button id="log-new" class="new-lines" hidden></button>
      </div>
      <noscript>
        <p>
          <a href={`${path}/log.txt`}>Read the log as text</a>; load this page again to see what is new.
        </p>
      </noscript>
    </div>
  )
}
