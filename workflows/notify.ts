import { proxyActivities } from '@temporalio/workflow'
import type { ControlActivities } from '../activities/index.ts'
import type { NotifyInput } from '../contract/workflows.ts'
import { control } from './activity-policies.ts'

/** Attempts at once and after 1, 5, 21 and 85 seconds, 6 and 23 minutes, then every hour for a day. */
const { deliverNotification } = proxyActivities<Pick<ControlActivities, 'deliverNotification'>>({
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '24h',
  retry: { initialInterval: '1s', backoffCoefficient: 4, maximumInterval: '1h' },
})

/** Delivers one notification, or records that it could not be. Its id is that of the delivery: there is one of it. */
export async function notify(input: NotifyInput): Promise<void> {
  try {
    await deliverNotification(input)
  } catch {
    await control.giveUpNotification(input)
  }
}
