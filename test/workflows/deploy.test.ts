import { afterEach, describe, expect, test } from 'vitest'
import { WorkflowFailedError } from '@temporalio/client'
import {
  deployWorkflowId,
  queryNames,
  signalNames,
  updateNames,
  workflowTypes,
} from '../../contract/names.ts'
import type { CancelRequest, DeployInput, DeployResult, Progress } from '../../contract/workflows.ts'
import { failure, startScripted, until, untilCanceled, type Script } from './scripted.ts'

let scripted: Awaited<ReturnType<typeof startScripted>>
afterEach(() => scripted.stop())

async function start(script: Script, change: Partial<DeployInput> = {}) {
  scripted = await startScripted(script)
  const { client, service, requestFor } = scripted
  const { numberFloor: _, requestId: __, releaseNumber: ___, ...request } = requestFor('production')
  const input: DeployInput = {
    ...request,
    number: 7,
    releaseNumber: 7,
    deploymentId: `${service}.production.7`,
    ...change,
  }
  return client.workflow.start(workflowTypes.deploy, {
    workflowId: deployWorkflowId(service, 'production', 7),
    taskQueue: service,
    args: [input],
  })
}

const steps = () => scripted.calls.map((call) => call.split(' ')[0])
const cancelRequest: CancelRequest = { deploymentId: '', by: 'ada', reason: 'wrong branch' }

/** Fails twice as an outage does, which is tried again, and then answers. */
function shaky(answer: object) {
  let attempts = 0
  return () => {
    if (++attempts < 3) throw new Error('not reachable')
    return answer
  }
}

/** Every step has something to do, several are tried again, and the release is watched for as long as `watch` takes. */
const longest = (watch: Promise<void>, script: Script = {}): Script => ({
  fetchSource: shaky({ detail: 'abc', commitSha: 'abc' }),
  buildRelease: shaky({ detail: 'built' }),
  migrateDatabase: shaky({ detail: 'migrated' }),
  reloadCandidate: shaky({ detail: 'still answers' }),
  switchTraffic: () => ({ detail: 'live', soakMs: 10_000 }),
  ...script,
  watchRelease: async (input) => {
    await watch
    return script.watchRelease?.(input) ?? { detail: 'watched' }
  },
})

const dying: Script = {
  watchRelease: failure('DiedAfterSwitch'),
  restoreTraffic: failure('Internal'),
  stopCandidate: failure('Internal'),
  discardRelease: failure('Internal'),
}

describe('approval', () => {
  const waits = () => until(() => scripted.calls.includes('recordApproval waits'))
  const answer = { approved: true, by: 'ada', reason: null }

  test('nothing that stays happens before somebody approves', async () => {
    const handle = await start({}, { approvalTimeout: 60_000 })
    await waits()
    expect(steps().slice(-2)).toEqual(['validateCandidate', 'recordApproval'])
    await handle.signal(signalNames.answerApproval, answer)
    expect(await handle.result()).toMatchObject({ status: 'SUCCEEDED' })
    expect(scripted.calls).toContain('recordApproval approved by ada')
  })

  test('a rejected one is undone and says who rejected it and why', async () => {
    const handle = await start({}, { approvalTimeout: 60_000 })
    await waits()
    await handle.signal(signalNames.answerApproval, { approved: false, by: 'ada', reason: 'not today' })
    await expect(handle.result()).rejects.toThrow()
    expect(scripted.outcomes).toMatchObject([
      {
        status: 'FAILED',
        compensation: 'DONE',
        step: null,
        failure: { code: 'ApprovalRejected', message: 'Rejected by ada: not today' },
      },
    ])
    expect(steps()).not.toContain('migrateDatabase')
    expect(steps().slice(-2)).toEqual(['stopCandidate', 'discardRelease'])
  })

  test('without an answer in time it fails and is undone', async () => {
    const handle = await start({}, { approvalTimeout: 200 })
    await expect(handle.result()).rejects.toThrow()
    expect(scripted.outcomes).toMatchObject([
      { status: 'FAILED', compensation: 'DONE', failure: { code: 'ApprovalTimedOut' } },
    ])
    expect(steps()).not.toContain('switchTraffic')
  })

  test('one that waits can be canceled', async () => {
    const handle = await start({}, { approvalTimeout: 60_000 })
    await waits()
    await handle.signal(signalNames.cancelDeployment, cancelRequest)
    await expect(handle.result()).rejects.toThrow()
    expect(scripted.outcomes).toMatchObject([{ status: 'CANCELED', compensation: 'DONE' }])
  })
})

describe('deploy', () => {
  test('runs the nine steps in order and answers with what is live', async () => {
    const handle = await start({})
    const result = (await handle.result()) as DeployResult
    expect(steps()).toEqual([
      'checkReadiness',
      'fetchSource',
      'installDependencies',
      'buildRelease',
      'validateCandidate',
      'migrateDatabase',
      'reloadCandidate',
      'switchTraffic',
      'retireOldReleases',
    ])
    expect(result).toMatchObject({
      status: 'SUCCEEDED',
      commitSha: 'abc',
      releaseId: `${scripted.service}.production.r7`,
    })
    expect(scripted.outcomes).toMatchObject([
      { status: 'SUCCEEDED', failure: null, step: null, compensation: 'NONE' },
    ])
  })

  test.each([
    ['checkReadiness', 'PreflightFailed', [], 'preflight'],
    ['fetchSource', 'RefNotFound', ['discardRelease'], 'fetch'],
    ['installDependencies', 'InstallFailed', ['discardRelease'], 'install'],
    ['buildRelease', 'BuildFailed', ['discardRelease'], 'build'],
    ['validateCandidate', 'NeverListened', ['stopCandidate', 'discardRelease'], 'validate'],
    ['migrateDatabase', 'MigrationFailed', ['stopCandidate', 'discardRelease'], 'migrate'],
    ['reloadCandidate', 'ReloadFailed', ['stopCandidate', 'discardRelease'], 'reload'],
    ['switchTraffic', 'StaleDeployment', ['restoreTraffic', 'stopCandidate', 'discardRelease'], 'switch'],
  ] as const)('when %s fails with %s it undoes last first: %j', async (activity, code, undone, step) => {
    const handle = await start({ [activity]: failure(code) })
    await expect(handle.result()).rejects.toThrow(WorkflowFailedError)
    expect(steps().slice(steps().indexOf(activity) + 1)).toEqual(undone)
    expect(scripted.outcomes).toMatchObject([
      {
        status: 'FAILED',
        step,
        compensation: undone.length > 0 ? 'DONE' : 'NONE',
        failure: {
          step,
          code,
          hint: expect.any(String),
          link: expect.stringContaining('/guides/when-a-deploy-fails#'),
        },
      },
    ])
  })

  test('a failing undo does not keep the others from running, and is reported', async () => {
    const handle = await start({ buildRelease: failure('BuildFailed'), discardRelease: failure('Internal') })
    await expect(handle.result()).rejects.toThrow()
    expect(scripted.outcomes).toMatchObject([{ status: 'FAILED', compensation: 'FAILED' }])
  })

  test('a failure after the switch is reported and nothing is undone', async () => {
    const handle = await start({ retireOldReleases: failure('Internal') })
    await expect(handle.result()).resolves.toMatchObject({ status: 'SUCCEEDED' })
    expect(steps().at(-1)).toBe('retireOldReleases')
    expect(scripted.outcomes).toMatchObject([
      { status: 'SUCCEEDED', step: 'cleanup', failure: { step: 'cleanup' } },
    ])
  })

  test.each(['installDependencies', 'buildRelease', 'validateCandidate', 'migrateDatabase'] as const)(
    'a cancel signal during %s cancels the step, then undoes',
    async (activity) => {
      const handle = await start({ [activity]: untilCanceled })
      await until(() => steps().includes(activity))
      await handle.signal(signalNames.cancelDeployment, cancelRequest)
      await expect(handle.result()).rejects.toThrow()
      expect(steps().at(-1)).toBe('discardRelease')
      expect(scripted.outcomes).toMatchObject([{ status: 'CANCELED', failure: null, compensation: 'DONE' }])
    },
  )

  test("Temporal's own cancellation does the same and shows as canceled", async () => {
    const handle = await start({ buildRelease: untilCanceled })
    await until(() => steps().includes('buildRelease'))
    await handle.cancel()
    await expect(handle.result()).rejects.toThrow()
    expect((await handle.describe()).status.name).toBe('CANCELLED')
    expect(steps().at(-1)).toBe('discardRelease')
    expect(scripted.outcomes).toMatchObject([{ status: 'CANCELED' }])
  })

  test('a cancel once the switch has begun has no effect', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const handle = await start({ switchTraffic: () => held.then(() => ({ detail: 'live' })) })
    await until(() => steps().includes('switchTraffic'))
    await handle.signal(signalNames.cancelDeployment, cancelRequest)
    expect(await handle.executeUpdate(updateNames.askToCancel, { args: [cancelRequest] })).toBe(false)
    await handle.cancel()
    release()
    await expect(handle.result()).resolves.toMatchObject({ status: 'SUCCEEDED' })
  })

  test('whoever asks to cancel before the switch hears that it is in time, as often as they ask', async () => {
    const handle = await start({ buildRelease: untilCanceled })
    await until(() => steps().includes('buildRelease'))
    const ask = () => handle.executeUpdate(updateNames.askToCancel, { args: [cancelRequest] })
    expect(await Promise.all([ask(), ask()])).toEqual([true, true])
    await expect(handle.result()).rejects.toThrow(WorkflowFailedError)
    expect(scripted.outcomes).toMatchObject([{ status: 'CANCELED', failure: null, compensation: 'DONE' }])
  })

  const soaking = { switchTraffic: () => ({ detail: 'live', soakMs: 10_000 }) }

  test('a release that is to be watched is, before the old one is retired', async () => {
    const handle = await start(soaking)
    await expect(handle.result()).resolves.toMatchObject({ status: 'SUCCEEDED' })
    expect(steps().slice(-3)).toEqual(['switchTraffic', 'watchRelease', 'retireOldReleases'])
  })

  test.each([
    ['api', ['restoreTraffic', 'stopCandidate', 'discardRelease']],
    ['rollback', ['restoreTraffic', 'stopCandidate']],
  ] as const)(
    'a release of the trigger %s that dies while it is watched is undone',
    async (trigger, undone) => {
      const handle = await start({ ...soaking, watchRelease: failure('DiedAfterSwitch') }, { trigger })
      await expect(handle.result()).rejects.toThrow(WorkflowFailedError)
      expect(steps().slice(steps().indexOf('watchRelease') + 1)).toEqual(undone)
      expect(scripted.outcomes).toMatchObject([
        { status: 'FAILED', step: 'switch', compensation: 'DONE', failure: { code: 'DiedAfterSwitch' } },
      ])
    },
  )

  test("no cancel reaches the watch, not even Temporal's own", async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const handle = await start({
      switchTraffic: () => held.then(() => ({ detail: 'live', soakMs: 10_000 })),
      watchRelease: () => ({ detail: 'watched' }),
    })
    await until(() => steps().includes('switchTraffic'))
    await handle.signal(signalNames.cancelDeployment, cancelRequest)
    await handle.cancel()
    release()
    await expect(handle.result()).resolves.toMatchObject({ status: 'SUCCEEDED' })
    expect(steps().slice(-2)).toEqual(['watchRelease', 'retireOldReleases'])
  })

  test('a rollback builds and migrates nothing', async () => {
    const handle = await start({}, { trigger: 'rollback', releaseNumber: 3 })
    await expect(handle.result()).resolves.toMatchObject({ releaseId: `${scripted.service}.production.r3` })
    expect(steps()).toEqual(['checkReadiness', 'validateCandidate', 'switchTraffic', 'retireOldReleases'])
  })

  test('a rollback that fails never discards the release it wanted to go back to', async () => {
    const handle = await start(
      { validateCandidate: failure('Unhealthy') },
      { trigger: 'rollback', releaseNumber: 3 },
    )
    await expect(handle.result()).rejects.toThrow()
    expect(steps()).toEqual(['checkReadiness', 'validateCandidate', 'stopCandidate'])
  })

  test('the progress query tells each step', async () => {
    const handle = await start({ buildRelease: untilCanceled })
    await until(() => steps().includes('buildRelease'))
    const progress = await handle.query<Progress>(queryNames.progress)
    expect(progress.steps.map(({ name, status }) => `${name} ${status}`).slice(0, 5)).toEqual([
      'preflight SUCCEEDED',
      'fetch SUCCEEDED',
      'install SUCCEEDED',
      'build RUNNING',
      'validate PENDING',
    ])
    await handle.cancel()
    await handle.result().catch(() => {})
  })

  test.each([
    ['to the end', {}, 'SUCCEEDED'],
    ['to a failing cleanup', { retireOldReleases: failure('Internal') }, 'SUCCEEDED'],
    ['to a release that dies under traffic, and back through failing undos', dying, 'FAILED'],
  ] as const)('its history stays under 200 events %s', async (_, script, status) => {
    const watch = Promise.withResolvers<void>()
    const handle = await start(longest(watch.promise, script), { approvalTimeout: 60_000 })
    await until(() => scripted.calls.includes('recordApproval waits'))
    await handle.signal(signalNames.answerApproval, { approved: true, by: 'ada', reason: null })
    await until(() => steps().includes('watchRelease'))
    // A person who loses patience adds to it as well; it is too late for a cancel, so it goes on to its end.
    for (let asked = 0; asked < 3; asked++) await handle.signal(signalNames.cancelDeployment, cancelRequest)
    watch.resolve()
    await handle.result().catch(() => {})
    expect(scripted.outcomes).toMatchObject([{ status }])
    expect(steps().filter((name) => name === 'fetchSource')).toHaveLength(3)
    expect((await handle.describe()).historyLength).toBeLessThan(200)
  })

  test('a migration whose step could not be completed is of unknown outcome', async () => {
    const handle = await start({
      migrateDatabase: () => {
        throw new TypeError('a bug')
      },
    })
    await expect(handle.result()).rejects.toThrow()
    expect(scripted.outcomes).toMatchObject([
      { status: 'FAILED', failure: { step: 'migrate', code: 'MigrationOutcomeUnknown' } },
    ])
  })
})
