import type { CronEntry } from '../../contract/cron.ts'
import type { Run } from '../../contract/run.ts'
import type { Environment } from '../../contract/service.ts'
import { pathOf, type Api } from '../api.ts'

export interface RunsView {
  environment: Environment
  /** Newest first. */
  runs: Run[]
  cron: CronEntry[]
  /** The cron entry whose turns alone are shown; '' for everything. */
  cronName: string
}

export async function readRuns(
  api: Api,
  serviceId: string,
  name: string,
  query: Record<string, string>,
): Promise<RunsView> {
  const path = pathOf('services', serviceId, 'environments', name)
  const cronName = query['cronName'] ?? ''
  const wanted = cronName === '' ? '' : `?${new URLSearchParams({ cronName })}`
  const [environment, runs, cron] = await Promise.all([
    api.get<Environment>(path),
    api.get<{ data: Run[] }>(`${path}/runs${wanted}`),
    api.get<{ data: CronEntry[] }>(`${path}/cron`),
  ])
  return { environment, runs: runs.data, cron: cron.data, cronName }
}
