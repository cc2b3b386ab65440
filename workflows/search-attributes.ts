import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'

const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD)

/** Typed keys of `searchAttributeNames` in the contract. Never encrypted: no secret may go in. */
export const searchAttributes = {
  Service: keyword('Service'),
  Environment: keyword('Environment'),
  CommitSha: keyword('CommitSha'),
  Step: keyword('Step'),
  DeploymentStatus: keyword('DeploymentStatus'),
  Trigger: keyword('Trigger'),
}
