import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'
import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow'
import type { ScheduledInput, ScheduledResult } from '../contract/workflows.ts'
import { control } from './activity-policies.ts'
import { searchAttributes } from './search-attributes.ts'

/** The time that was meant; Temporal sets it. */
const scheduledTime = defineSearchAttributeKey('TemporalScheduledStartTime', SearchAttributeType.DATETIME)

/** The turn of a schedule: puts a deployment into the lane, where it waits like any other. */
export async function scheduledDeployment(input: ScheduledInput): Promise<ScheduledResult> {
  const { workflowId, startTime, typedSearchAttributes } = workflowInfo()
  const { serviceId, environment, name } = input
  upsertSearchAttributes([
    { key: searchAttributes.Service, value: serviceId },
    { key: searchAttributes.Environment, value: environment },
    { key: searchAttributes.Trigger, value: 'schedule' },
  ])
  const meant = typedSearchAttributes.get(scheduledTime) ?? startTime
  const result = await control.deployOnSchedule({
    ...input,
    requestId: workflowId,
    at: meant.toISOString(),
    lateMs: startTime.getTime() - meant.getTime(),
  })
  setCurrentDetails(`**${serviceId} / ${environment}** ${name}: ${result.deploymentId ?? result.note ?? ''}`)
  return result
}
