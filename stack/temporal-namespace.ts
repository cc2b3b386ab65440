import { setTimeout as sleep } from 'node:timers/promises'
import { StackError } from './stack-error.ts'

/** How long ended workflows are kept: 30 days. The server's own default is 24 hours. */
const retentionSeconds = 720 * 3600

/** Waits until the embedded server serves the namespace, and makes it keep history for 30 days. @throws StackError */
export async function prepareNamespace(address: string, namespace: string): Promise<void> {
  const { Connection } = await import('@temporalio/client')
  const connection = Connection.lazy({ address })
  try {
    const kept = await firstAnswer(async () => {
      const answer = await connection.workflowService.describeNamespace({ namespace })
      return Number(answer.config?.workflowExecutionRetentionTtl?.seconds ?? 0)
    }, 60_000)
    if (kept === retentionSeconds) return
    await connection.workflowService.updateNamespace({
      namespace,
      config: { workflowExecutionRetentionTtl: { seconds: retentionSeconds as never } },
    })
  } catch (error) {
    throw new StackError(
      `The Temporal server at ${address} does not serve the namespace ${namespace}: ${(error as Error).message}`,
      'See logs/temporal.log in the home.',
    )
  } finally {
    await connection.close()
  }
}

/** A server that Sluice did not start; TLS, API key and the like come from TEMPORAL_* variables. @throws StackError */
export async function requireTemporal(address: string): Promise<void> {
  const [{ Connection }, { loadClientConnectConfig }] = await Promise.all([
    import('@temporalio/client'),
    import('@temporalio/envconfig'),
  ])
  try {
    await firstAnswer(async () => {
      const connection = await Connection.connect({
        ...loadClientConnectConfig().connectionOptions,
        address,
        connectTimeout: 3000,
      })
      await connection.close()
    }, 10_000)
  } catch (error) {
    throw new StackError(
      `The Temporal server of TEMPORAL_ADDRESS (${address}) does not answer: ${(error as Error).message}.`,
      'Start it or correct TEMPORAL_ADDRESS; leave it unset to use the server that Sluice starts itself.',
    )
  }
}

async function firstAnswer<T>(ask: () => Promise<T>, withinMs: number): Promise<T> {
  const deadline = Date.now() + withinMs
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (Date.now() > deadline) throw error
      await sleep(50)
    }
  }
}
