import { isFinal } from '../../contract/vocabulary.ts'
import { pathOf } from '../api.ts'
import type { DeploymentView } from '../read/deployment.ts'
import { Action } from './action.tsx'

/** What can be done with a deployment as it is now. */
export function DeploymentActions(view: DeploymentView) {
  const { deployment } = view
  const { id, status, steps, live, archivedAt, failure, migrationResolved } = deployment
  const to = (action: string) => `${pathOf('deployments', id)}/${action}`
  if (!isFinal(status)) {
    const switched = live || steps.some((step) => step.name === 'switch' && step.status === 'SUCCEEDED')
    if (switched) return null
    if (deployment.cancelRequested) return <span class="badge">Cancel requested</span>
    return (
      <>
        {status === 'WAITING_APPROVAL' ? <Approve to={to} /> : null}
        <Action
          name="Cancel"
          to={to('cancel')}
          ask="Cancel this deployment? What it has made is removed; the live release stays as it is."
          confirm="Yes, cancel it"
          kind="danger"
        />
      </>
    )
  }
  return (
    <>
      {failure?.code === 'MigrationOutcomeUnknown' && !migrationResolved ? (
        <Resolve to={to('resolve')} />
      ) : null}
      <RollBack {...view} />
      <Action
        name={status === 'SUCCEEDED' ? 'Deploy again' : 'Retry'}
        to={to('retry')}
        ask="Deploy the same commit again, from the start?"
        confirm="Yes, deploy it"
        kind={status === 'SUCCEEDED' ? 'quiet' : 'primary'}
      />
      <Action name={archivedAt ? 'Unarchive' : 'Archive'} to={to(archivedAt ? 'unarchive' : 'archive')} />
    </>
  )
}

const Approve = ({ to }: { to: (action: string) => string }) => (
  <>
    <Action
      name="Approve"
      to={to('approve')}
      needs="admin"
      ask="Let this deployment go on, and become live?"
      confirm="Yes, go on"
      kind="primary"
    />
    <Action
      name="Reject"
      to={to('reject')}
      needs="admin"
      ask="End this deployment? What it has made is removed."
      confirm="Yes, reject it"
      kind="danger"
    />
  </>
)

function RollBack({ deployment, release, hasEarlierRelease, environment }: DeploymentView) {
  const { serviceId, live, status } = deployment
  const to = `${pathOf('services', serviceId, 'environments', deployment.environment)}/rollback`
  if (live && hasEarlierRelease)
    return (
      <Action
        name="Roll back"
        to={to}
        ask="Send traffic back to the release before this one? Nothing is built; it takes moments."
        confirm="Yes, roll back"
        kind="danger"
      />
    )
  if (!environment?.live || live || status !== 'SUCCEEDED' || !release?.kept || release.live) return null
  return (
    <Action
      name="Roll back to this"
      to={to}
      fields={{ releaseId: release.releaseId }}
      ask={`Send traffic to ${release.releaseId} again? Nothing is built; it takes moments.`}
      confirm="Yes, roll back"
      kind="danger"
    />
  )
}

const Resolve = ({ to }: { to: string }) => (
  <>
    <Action
      name="It took effect"
      to={to}
      fields={{ migration: 'migrated' }}
      ask="You looked in the database, and the migration is there?"
      confirm="Yes, it took effect"
      kind="primary"
    />
    <Action
      name="It did not"
      to={to}
      fields={{ migration: 'not-migrated' }}
      ask="You looked in the database, and nothing of the migration is there? It will run again."
      confirm="Yes, run it again"
    />
  </>
)
