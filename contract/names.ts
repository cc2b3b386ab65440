/** Names and ids that several processes must agree on. Free of zod: workflow code takes values from here. */

export const workflowTypes = {
  lane: 'lane',
  deploy: 'deploy',
  teardown: 'teardown',
  notify: 'notify',
  scheduled: 'scheduledDeployment',
  run: 'commandRun',
  cron: 'cronRun',
} as const

export const updateNames = {
  enqueueDeployment: 'enqueueDeployment',
  /** To a deployment: the cancel signal, with an answer. False when its switch has begun. */
  askToCancel: 'askToCancel',
} as const

export const signalNames = {
  /** To a deployment or to its lane: who cancels, and why. */
  cancelDeployment: 'cancelDeployment',
  /** To a lane: continue as new as soon as no deployment runs. */
  rotateLane: 'rotateLane',
  /** To a deployment that waits for approval: yes or no, by whom and why. */
  answerApproval: 'answerApproval',
} as const

export const queryNames = {
  /** Of a deployment: its steps so far. */
  progress: 'progress',
  /** Of a lane: what runs and what waits. */
  queue: 'queue',
} as const

/** Type of the error with which a lane refuses a deployment: another one has not ended, and none may wait. */
export const environmentBusy = 'EnvironmentBusy'

/** Workflows and the activities that touch only the store. */
export const controlQueue = 'control'

/** Activities that touch one host's disk, processes and router. */
export const hostQueue = (host: string): string => `host/${host}`

/** One lane per environment. */
export const laneId = (serviceId: string, environment: string): string => `env/${serviceId}/${environment}`

/** Workflow id of one deployment. */
export const deployWorkflowId = (serviceId: string, environment: string, number: number): string =>
  `deploy/${serviceId}/${environment}/${number}`

/** Workflow id of the removal of a deleted environment. */
export const teardownId = (serviceId: string, environment: string): string =>
  `teardown/${serviceId}/${environment}`

/** Workflow id of the delivery of one notification. */
export const notifyWorkflowId = (deliveryId: string): string => `notify/${deliveryId}`

/** Id of a schedule in Temporal. */
export const scheduleId = (serviceId: string, environment: string, name: string): string =>
  `schedule/${serviceId}/${environment}/${name}`

/** Workflow id of what a schedule starts; Temporal appends the time. */
export const scheduledId = (serviceId: string, environment: string, name: string): string =>
  `scheduled/${serviceId}/${environment}/${name}`

/** Id of the Schedule of a cron entry in Temporal. */
export const cronScheduleId = (serviceId: string, environment: string, name: string): string =>
  `cron/${serviceId}/${environment}/${name}`

/** Workflow id of a turn of it; Temporal appends the time. */
export const cronWorkflowId = (serviceId: string, environment: string, name: string): string =>
  `cron-turn/${serviceId}/${environment}/${name}`

/** Workflow id of a run. */
export const runWorkflowId = (runId: string): string => `run/${runId}`

/** Context under which the command of a run is sealed. */
export const runContext = (serviceId: string, runId: string): string => `${serviceId}/run/${runId}`

/** Id of a deployment in the API; neither names nor numbers contain a dot, so it is unique. */
export const deploymentId = (serviceId: string, environment: string, number: number): string =>
  `${serviceId}.${environment}.${number}`

/** Id of a release: the deployment that built it. */
export const releaseId = (serviceId: string, environment: string, releaseNumber: number): string =>
  `${serviceId}.${environment}.r${releaseNumber}`

/** The number in a release id; undefined when it is not one. */
export function parseReleaseNumber(id: string): number | undefined {
  const match = /\.r([1-9][0-9]{0,8})$/.exec(id)
  return match ? Number(match[1]) : undefined
}

/** `{serviceId, environment, number}` of a deployment id; undefined when it is not one. */
export function parseDeploymentId(
  id: string,
): { serviceId: string; environment: string; number: number } | undefined {
  const match = /^([a-z][a-z0-9-]{0,39})\.([a-z][a-z0-9-]{0,39})\.([1-9][0-9]{0,8})$/.exec(id)
  if (!match) return undefined
  return { serviceId: match[1]!, environment: match[2]!, number: Number(match[3]) }
}

/** In the place of an environment's name: the service as a whole, whose variables all its environments inherit. */
export const wholeService = ''

/** Context under which a variable is sealed; whoever opens it must name the same. */
export const variableContext = (serviceId: string, environment: string, name: string): string =>
  `${serviceId}/${environment}/${name}`

/** Context under which the `user:password` of a service's repository is sealed. */
export const credentialsContext = (serviceId: string): string => `${serviceId}/source`

/** Context under which the webhook secret of a service is sealed. */
export const webhookSecretContext = (serviceId: string): string => `${serviceId}/webhook`

/** Context under which the url and the secret of a notification's target are sealed. */
export const notificationContext = (serviceId: string, target: string, what: 'url' | 'secret'): string =>
  `${serviceId}/notifications/${target}/${what}`

/** Context under which the address of a badge is sealed. */
export const badgeContext = 'badge'

/** Temporal search attributes, all Keyword. */
export const searchAttributeNames = [
  'Service',
  'Environment',
  'CommitSha',
  'Step',
  'DeploymentStatus',
  'Trigger',
] as const

/** Host name under which an environment is served: `<service>.localhost`, or with `-<environment>`. */
export const routeHost = (serviceId: string, environment: string): string =>
  environment === 'production' ? `${serviceId}.localhost` : `${serviceId}-${environment}.localhost`

/** Of a sealed url of an archive. */
export const archiveUrlContext = (serviceId: string, ref: string): string => `${serviceId}/archive-url/${ref}`

/** Where an environment answers. The router's own name for it, which works before any domain points here. */
export function serviceUrlOf(routerPort: number, serviceId: string, environment: string): string {
  const port = routerPort === 80 ? '' : `:${routerPort}`
  return `http://${routeHost(serviceId, environment)}${port}/`
}
