import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js'
import { Worker } from '@temporalio/worker'
import { expect, inject, test } from 'vitest'

const folder = path.join(import.meta.dirname, '..', 'histories')
const files = (await readdir(folder)).filter((file) => file.endsWith('.json'))

test('there are histories of each path that a workflow can take', () => {
  const names = files.map((file) => file.replace(/\.json$/, ''))
  for (const path of [
    'success',
    'soak',
    'failure',
    'cancel',
    'rollback',
    'queueing',
    'superseding',
    'approval',
    'terminated',
    'rotation',
    'run',
    'cron',
  ])
    expect(names.filter((name) => name.startsWith(path))).not.toEqual([])
})

test.each(files)('%s replays with the workflow code of today', async (file) => {
  const recorded = JSON.parse(await readFile(path.join(folder, file), 'utf8')) as {
    workflowId: string
    history: object
  }
  const replays = Worker.runReplayHistories({ workflowBundle: { codePath: inject('workflowBundle') } }, [
    { workflowId: recorded.workflowId, history: historyFromJSON(recorded.history) },
  ])
  for await (const replay of replays) expect(replay.error).toBeUndefined()
})
