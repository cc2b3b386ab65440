import type { Deployment } from '../../contract/deployment.ts'
import type { Schedule } from '../../contract/schedule.ts'
import type { Environment } from '../../contract/service.ts'
import { pathOf, type Api } from '../api.ts'

export interface SchedulesView {
  environment: Environment
  schedules: Schedule[]
  /** What schedules have started last, whichever of them it was. */
  started: Deployment[]
}

export async function readSchedules(api: Api, serviceId: string, name: string): Promise<SchedulesView> {
  const path = pathOf('services', serviceId, 'environments', name)
  const environment = await api.get<Environment>(path)
  const wanted = new URLSearchParams({ serviceId, environment: name, trigger: 'schedule', limit: '10' })
  const [schedules, started] = await Promise.all([
    api.get<{ data: Schedule[] }>(`${path}/schedules`),
    api.get<{ data: Deployment[] }>(`/deployments?${wanted}`),
  ])
  return { environment, schedules: schedules.data, started: started.data }
}
