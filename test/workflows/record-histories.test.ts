import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js'
import { afterEach, describe, test } from 'vitest'
import {
  cronWorkflowId,
  deploymentId,
  deployWorkflowId,
  notifyWorkflowId,
  runWorkflowId,
  signalNames,
  updateNames,
  workflowTypes,
} from '../../contract/names.ts'
import { failure, startScripted, until, untilCanceled, type Script } from './scripted.ts'

/**
 * Writes test/histories anew: `RECORD_HISTORIES=1 npm test -- test/workflows/record-histories`.
 * Add to them when a workflow gains a path; a changed one must still replay the old ones, so never
 * replace a history that a released version may have made.
 */
const recording = Boolean(process.env['RECORD_HISTORIES'])
const folder = path.join(import.meta.dirname, '..', 'histories')

describe.runIf(recording)('records', () => {
  let scripted: Awaited<ReturnType<typeof startScripted>>
  afterEach(() => scripted.stop())

  const ended = (count: number) => until(() => scripted.outcomes.length >= count)
  const deployId = (number: number) => deployWorkflowId(scripted.service, 'production', number)
  const reached = (call: string) => until(() => scripted.calls.includes(call))

  async function save(name: string, workflowId: string, runId?: string): Promise<void> {
    const history = await scripted.client.workflow.getHandle(workflowId, runId).fetchHistory()
    // Who ran it is of no interest, and not ours to publish.
    const json = historyToJSON(history)
      .replace(/"identity": "[^"]*"/g, '"identity": "worker"')
      .replaceAll(`${path.join(import.meta.dirname, '..', '..')}/`, '')
    await mkdir(folder, { recursive: true })
    await writeFile(
      path.join(folder, `${name}.json`),
      `${JSON.stringify({ workflowId, history: JSON.parse(json) }, null, 1)}\n`,
    )
  }

  async function closed(workflowId: string): Promise<void> {
    await until(
      async () => (await scripted.client.workflow.getHandle(workflowId).describe()).status.name !== 'RUNNING',
    )
  }

  async function once(
    name: string,
    script: Script,
    act: () => Promise<void> = async () => {},
  ): Promise<void> {
    scripted = await startScripted(script)
    await scripted.enqueue('production')
    await act()
    await ended(1)
    await closed(deployId(1))
    await save(name, deployId(1))
  }

  test('success', () => once('success', {}))
  test('failure before anything changed', () =>
    once('failure-preflight', { checkReadiness: failure('PreflightFailed') }))
  test('failure of the build', () => once('failure-build', { buildRelease: failure('BuildFailed') }))
  test('failure of the switch', () => once('failure-switch', { switchTraffic: failure('SwitchFailed') }))
  test('failure of an undo', () =>
    once('failure-undo', { buildRelease: failure('BuildFailed'), discardRelease: failure('Internal') }))
  test('failure after the switch', () => once('failure-cleanup', { retireOldReleases: failure('Internal') }))

  const soaking = { switchTraffic: () => ({ detail: 'live', soakMs: 10_000 }) }
  test('a soak that it passes', () => once('soak', soaking))
  test('a death in the soak', () =>
    once('failure-soak', { ...soaking, watchRelease: failure('DiedAfterSwitch') }))

  test('cancel through the lane', async () => {
    await once('cancel-signal', { buildRelease: untilCanceled }, async () => {
      await reached('buildRelease 1')
      await scripted.client.workflow
        .getHandle(scripted.laneId('production'))
        .signal(signalNames.cancelDeployment, {
          deploymentId: deploymentId(scripted.service, 'production', 1),
          by: 'ada',
          reason: 'wrong branch',
        })
    })
    await save('cancel-lane', scripted.laneId('production'))
  })

  test('cancel by an update that hears whether it is in time', () =>
    once('cancel-update', { buildRelease: untilCanceled }, async () => {
      await reached('buildRelease 1')
      const request = {
        deploymentId: deploymentId(scripted.service, 'production', 1),
        by: 'ada',
        reason: null,
      }
      const running = scripted.client.workflow.getHandle(deployId(1))
      await running.executeUpdate(updateNames.askToCancel, { args: [request] })
    }))

  test("cancel by Temporal's own request", () =>
    once('cancel-request', { validateCandidate: untilCanceled }, async () => {
      await reached('validateCandidate 1')
      await scripted.client.workflow.getHandle(deployId(1)).cancel()
    }))

  test('rollback', async () => {
    scripted = await startScripted()
    await scripted.enqueue('production', { trigger: 'rollback', releaseNumber: 1, numberFloor: 2 })
    await ended(1)
    await closed(deployId(2))
    await save('rollback', deployId(2))
  })

  test('queueing with one canceled while it waits', async () => {
    let open = false
    scripted = await startScripted({ buildRelease: () => until(() => open) })
    for (let at = 0; at < 3; at++) await scripted.enqueue('production')
    await scripted.client.workflow
      .getHandle(scripted.laneId('production'))
      .signal(signalNames.cancelDeployment, {
        deploymentId: deploymentId(scripted.service, 'production', 2),
        by: 'ada',
        reason: null,
      })
    await reached('recordCanceledInQueue 2')
    open = true
    await ended(2)
    await save('queueing-lane', scripted.laneId('production'))
  })

  test('approval', () => approval('approval-given', true))
  test('approval that is refused', () => approval('approval-rejected', false))

  async function approval(name: string, approved: boolean): Promise<void> {
    scripted = await startScripted()
    await scripted.enqueue('production', { approvalTimeout: 600_000 })
    await reached('recordApproval waits')
    await scripted.client.workflow
      .getHandle(deployId(1))
      .signal(signalNames.answerApproval, { approved, by: 'ada', reason: null })
    await ended(1)
    await closed(deployId(1))
    await save(name, deployId(1))
  }

  test('pushes in quick succession', async () => {
    let open = false
    scripted = await startScripted({ buildRelease: () => until(() => open) })
    for (let at = 0; at < 4; at++)
      await scripted.enqueue('production', { trigger: 'webhook', queue: 'newest-wins' })
    await reached('recordSuperseded 3 by 4')
    open = true
    await ended(2)
    await save('superseding-lane', scripted.laneId('production'))
  })

  test('terminated', async () => {
    let open = false
    scripted = await startScripted({ buildRelease: () => until(() => open) })
    await scripted.enqueue('production')
    await reached('buildRelease 1')
    await scripted.client.workflow.getHandle(deployId(1)).terminate('operator')
    open = true
    await ended(1)
    await save('terminated-lane', scripted.laneId('production'))
  })

  test.each([
    ['notification', 'taken'],
    ['notification-given-up', 'refused'],
  ])('%s', async (name, id) => {
    scripted = await startScripted()
    const deliveryId = `${id}-${scripted.service}`
    const workflowId = notifyWorkflowId(deliveryId)
    await scripted.client.workflow.start(workflowTypes.notify, {
      workflowId,
      taskQueue: scripted.service,
      args: [{ deliveryId }],
    })
    await closed(workflowId)
    await save(name, workflowId)
  })

  test.each([
    ['run', {}],
    ['run-failed', { attendRun: failure('Internal') }],
    ['run-canceled', { attendRun: untilCanceled }],
  ])('%s', async (name, script) => {
    scripted = await startScripted(script)
    const { workflow } = scripted.client
    const runId = `run_${'0'.repeat(24)}`
    const workflowId = `${runWorkflowId(runId)}-${scripted.service}`
    const handle = await workflow.start(workflowTypes.run, {
      workflowId,
      taskQueue: scripted.service,
      args: [{ runId, host: scripted.service }],
    })
    if (name === 'run-canceled') {
      await reached('attendRun')
      await handle.cancel()
    }
    await closed(workflowId)
    await save(name, workflowId)
  })

  test.each(['turn', 'gone'])('cron %s', async (name) => {
    scripted = await startScripted()
    const workflowId = cronWorkflowId(scripted.service, 'production', name)
    await scripted.client.workflow.start(workflowTypes.cron, {
      workflowId,
      taskQueue: scripted.service,
      args: [{ serviceId: scripted.service, environment: 'production', name }],
    })
    await closed(workflowId)
    await save(`cron-${name}`, workflowId)
  })

  test('rotation', async () => {
    let open = false
    scripted = await startScripted({ buildRelease: () => until(() => open) })
    await scripted.enqueue('production')
    await reached('buildRelease 1')
    const lane = scripted.client.workflow.getHandle(scripted.laneId('production'))
    const { runId } = await lane.describe()
    await lane.signal(signalNames.rotateLane)
    await until(async () => (await lane.describe()).runId !== runId)
    open = true
    await scripted.enqueue('production')
    await ended(2)
    await save('rotation-lane-first-run', scripted.laneId('production'), runId)
    await save('rotation-lane-second-run', scripted.laneId('production'))
  })
})
