import type { AuditEntry } from '../../contract/audit.ts'
import { pathOf } from '../api.ts'
import type { Frame } from '../index.ts'
import type { AuditView } from '../read/audit.ts'
import { plainText } from './commit.tsx'
import { Layout, render } from './layout.tsx'
import { State } from './state.tsx'
import { Moment } from './time.tsx'

/** Who changed what, newest first. */
export const auditPage = (view: AuditView & { frame: Frame }) =>
  render(
    <Layout frame={view.frame} title="Audit">
      <div class="heading">
        <h1>Who changed what</h1>
      </div>
      <section class="card">
        <Filters {...view} />
        {view.entries.length === 0 ? <p class="hint">Nothing that fits.</p> : null}
        <ol class="plain rows">
          {view.entries.map((entry) => (
            <Entry entry={entry} />
          ))}
        </ol>
        <More {...view} />
        <p class="hint">Kept for 400 days. What was sent is not among it, so neither is any secret.</p>
      </section>
    </Layout>,
  )

const labels = {
  serviceId: 'service',
  environment: 'environment',
  actor: 'id of a token, or admin',
  action: 'action',
} as const

const Filters = ({ filter }: AuditView) => (
  <form method="get" action="/audit" class="filters">
    {Object.entries(labels).map(([name, label]) => (
      <label>
        <span class="hidden">{label}</span>
        <input
          name={name}
          value={filter[name as keyof typeof labels]}
          placeholder={label}
          spellcheck={false}
        />
      </label>
    ))}
    <label>
      <span class="hidden">outcome</span>
      <select name="outcome">
        <option value="">done or refused</option>
        {['done', 'refused'].map((one) => (
          <option value={one} selected={filter.outcome === one}>
            {one}
          </option>
        ))}
      </select>
    </label>
    <button>Show</button>
  </form>
)

const Entry = ({ entry }: { entry: AuditEntry }) => (
  <li data-entry>
    <span class="hint">
      <Moment at={entry.at} />
    </span>
    {entry.status < 400 ? <State tone="good" word="done" /> : <State tone="bad" word="refused" />}
    <strong>{entry.action}</strong>
    <span class="grow">
      <Where {...entry} />
      {entry.target ? <code> {plainText(entry.target)}</code> : null}
    </span>
    <span class="hint">
      {plainText(entry.actorName)} ({entry.role}) from {entry.address}
    </span>
    <span class="hint">
      {entry.status}
      {entry.code ? ` ${entry.code}` : ''}
    </span>
  </li>
)

function Where({ serviceId, environment }: AuditEntry) {
  if (serviceId === null) return null
  const service = <a href={pathOf('services', serviceId)}>{serviceId}</a>
  if (environment === null) return service
  return (
    <>
      {service} <a href={pathOf('services', serviceId, 'environments', environment)}>{environment}</a>
    </>
  )
}

function More({ filter, nextCursor }: AuditView) {
  if (!nextCursor) return null
  const kept = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ''))
  return (
    <a class="button" href={`/audit?${new URLSearchParams({ ...kept, cursor: nextCursor })}`}>
      Older
    </a>
  )
}
