import type { Client } from '@temporalio/client'
import type { Logger } from 'pino'
import { runIdOfTurn } from '../activities/begin-cron-run.ts'
import { workflowTypes } from '../contract/names.ts'
import type { RunStarter } from '../ports/run-starter.ts'
import type { Store } from '../ports/store.ts'

/** Milliseconds between two looks, and the age at which a run has a workflow if it ever gets one by itself. */
const lookEvery = 10_000
const settledAge = 10_000
/** Milliseconds until the next look tries again. */
const limit = 5_000

interface Deps {
  client: Client
  runs: Pick<RunStarter, 'start'>
  store: Pick<Store, 'runs'>
}

/**
 * A run that has not ended has a workflow: also when the server died before it started one, the workflow was terminated,
 * or Temporal lost its state. What runs already is attached to; what should have run long ago is told as failed.
 */
export function wakeRuns({ log, ...deps }: Deps & { log: Pick<Logger, 'warn'> }): () => void {
  let timer: NodeJS.Timeout | undefined
  let going = true
  const look = async () => {
    try {
      await wakeOnce(deps, settledAge)
    } catch (error) {
      log.warn({ error: String(error) }, 'could not look for runs to wake')
    }
    if (going) timer = setTimeout(() => void look(), lookEvery)
  }
  void look()
  return () => {
    going = false
    clearTimeout(timer)
  }
}

/** One look at the runs that are at least so many milliseconds old. */
export async function wakeOnce({ client, runs, store }: Deps, age: number): Promise<void> {
  const unfinished = await store.runs.unfinished(age)
  const turns = unfinished.some(({ kind }) => kind === 'cron') ? await openTurns(client) : undefined
  for (const run of unfinished) if (!turns?.has(run.id)) await runs.start(run)
}

/** Turns of cron entries are runs with workflows of their own. */
async function openTurns(client: Client): Promise<Set<string>> {
  const query = `WorkflowType = '${workflowTypes.cron}' AND ExecutionStatus = 'Running'`
  const turns = new Set<string>()
  await client.withDeadline(Date.now() + limit, async () => {
    for await (const { workflowId } of client.workflow.list({ query })) turns.add(runIdOfTurn(workflowId))
  })
  return turns
}
