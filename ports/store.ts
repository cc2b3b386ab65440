import type { Config } from '../contract/config.ts'
import type { Deployment, DeploymentEvent, LogLine, Release } from '../contract/deployment.ts'
import type { Failure } from '../contract/failures.ts'
import type { Plan } from '../contract/plan.ts'
import type { Freeze } from '../contract/freeze.ts'
import type { QueuePolicy } from '../contract/queue-policy.ts'
import type { ServiceSource } from '../contract/service.ts'
import type { ScheduleAction } from '../contract/schedule.ts'
import type { Compensation, DeploymentStatus, StepName, Trigger } from '../contract/vocabulary.ts'
import type { ApprovalAnswer, ReleaseRef } from '../contract/workflows.ts'
import type { AuditStore } from './audit-store.ts'
import type { PreviewStore, PullRequestFacts } from './preview-store.ts'
import type { CronStore } from './cron-store.ts'
import type { NotificationStore } from './notification-store.ts'
import type { SignInLinkStore } from './sign-in-link-store.ts'
import type { ProcessStore } from './process-store.ts'
import type { RunStore } from './run-store.ts'
import type { TokenStore } from './token-store.ts'

/** What Sluice knows. Rows are the truth; notifications only wake readers. */
export interface Store {
  services: ServiceStore
  environments: EnvironmentStore
  variables: VariableStore
  deployments: DeploymentStore
  logs: LogStore
  releases: ReleaseStore
  archiveUrls: ArchiveUrlStore
  schedules: ScheduleStore
  processes: ProcessStore
  runs: RunStore
  cron: CronStore
  idempotency: IdempotencyStore
  webhooks: WebhookStore
  tokens: TokenStore
  signInLinks: SignInLinkStore
  audit: AuditStore
  notifications: NotificationStore
  pushes: PushStore
  previews: PreviewStore
  /** Calls back when a deployment's rows change. Notifications may be lost: also look every few seconds. Returns the unsubscribe. */
  watch(deploymentId: string, changed: () => void): () => void
  /** @throws Error when the database does not answer. */
  ping(): Promise<void>
  close(): Promise<void>
}

export interface ServiceRow {
  serviceId: string
  source: ServiceSource
  /** Sealed `user:password` of the url. */
  sealedCredentials: string | null
  repoFullName: string | null
  /** Between two looks for pushes that nobody has told of; 0 for never, null for the standard time. */
  sweepSeconds?: number | null
  createdAt: Date
}

export interface ServiceStore {
  /** @throws Taken */
  create(service: Omit<ServiceRow, 'createdAt'>): Promise<ServiceRow>
  change(
    serviceId: string,
    change: Partial<Omit<ServiceRow, 'serviceId' | 'createdAt'>>,
  ): Promise<ServiceRow | undefined>
  find(serviceId: string): Promise<ServiceRow | undefined>
  list(): Promise<ServiceRow[]>
  /** With everything that belongs to it. False when it did not exist. */
  remove(serviceId: string): Promise<boolean>
}

export interface EnvironmentRow {
  serviceId: string
  environment: string
  branch: string
  domains: string[]
  autoDeploy: boolean
  config: Config
  host: string
  /** null: what fits the trigger, see contract/queue-policy.ts. */
  queue: QueuePolicy | null
  /** Milliseconds that a deployment waits for approval; null: none is needed. */
  approvalTimeout: number | null
  freezes: Freeze[]
  /** What a pull request's environment inherits beside the service's variables; null: it is none. */
  preview: Inheritance | null
  /** Set by `EnvironmentStore.hold` alone. */
  hold: HoldRow | null
  /** Set by `DeploymentStore.markLive` alone. */
  live: LiveRow | null
  createdAt: Date
}

export interface Inheritance {
  /** Another environment of the service. */
  variablesFrom: string | null
  /** Whether secrets are inherited too, from wherever. */
  secrets: boolean
}

/** Somebody has said that nothing is to be deployed. */
export interface HoldRow {
  reason: string
  by: string
  since: Date
}

export interface LiveRow {
  deploymentId: string
  number: number
  releaseId: string
  commitSha: string | null
  since: Date
}

type Admission = 'queue' | 'approvalTimeout' | 'freezes'

/** What is left out of how deployments are admitted is as if nobody had ever said it. */
export type EnvironmentPut = Omit<EnvironmentRow, 'createdAt' | 'live' | 'hold' | 'preview' | Admission> &
  Partial<Pick<EnvironmentRow, Admission>> & {
    /** A preview is made or changed; absent or null: it stays what it is. */
    preview?: Inheritance | null
  }

export interface EnvironmentStore {
  /**
   * Creates or changes.
   * @throws Taken when another environment has one of the domains, or the host name that is its own by default; with
   * `preview` also when there is an environment of this name that is none.
   */
  put(row: EnvironmentPut): Promise<{ row: EnvironmentRow; created: boolean }>
  /** Sets or lifts the hold; a new reason replaces the old one. False when there is no such environment. */
  hold(serviceId: string, environment: string, hold: Omit<HoldRow, 'since'> | null): Promise<boolean>
  /** The commit of its branch that was last taken up, by a delivery or a sweep. */
  seenCommit(serviceId: string, environment: string): Promise<string | null>
  noteCommit(serviceId: string, environment: string, commitSha: string): Promise<void>
  find(serviceId: string, environment: string): Promise<EnvironmentRow | undefined>
  list(serviceId?: string): Promise<EnvironmentRow[]>
  remove(serviceId: string, environment: string): Promise<boolean>
  /** Highest deployment number so far, also of a deleted environment of this name; 0 when there is none. */
  lastNumber(serviceId: string, environment: string): Promise<number>
}

export interface SealedVariable {
  name: string
  sealed: string
  secret: boolean
  /** Absent: the environment's own. Else whose it is: another environment, or `wholeService`. Sealed for that one. */
  from?: string
}

/** Whose variables: an environment's, or those of `wholeService`. */
export interface VariableStore {
  /** All that an environment runs with now: its own, and what it inherits and does not override. By name. */
  effective(serviceId: string, environment: string): Promise<(SealedVariable & { updatedAt: Date })[]>
  /** Its own ones. */
  list(serviceId: string, environment: string): Promise<(SealedVariable & { updatedAt: Date })[]>
  put(serviceId: string, environment: string, variable: SealedVariable): Promise<void>
  /** Replaces all of them in one transaction. */
  replace(serviceId: string, environment: string, variables: SealedVariable[]): Promise<void>
  remove(serviceId: string, environment: string, name: string): Promise<boolean>
  /** Sets some and removes some in one transaction; false when there would be more than `most`. */
  change(
    serviceId: string,
    environment: string,
    change: { set: SealedVariable[]; remove: string[]; most: number },
  ): Promise<boolean>
  /** Newest first, `before` an id. No values. */
  history(
    serviceId: string,
    environment: string,
    options: { name?: string | undefined; before?: number | undefined; limit: number },
  ): Promise<VariableChange[]>
}

export interface VariableChange {
  id: number
  name: string
  change: 'set' | 'removed'
  secret: boolean
  /** Counts up per name. */
  version: number
  at: Date
}

export interface NewDeployment {
  id: string
  number: number
  serviceId: string
  environment: string
  trigger: Trigger
  ref: string
  commitSha: string | null
  repoFullName: string | null
  serviceUrl: string | null
  retryOf: string | null
  rollbackOf: string | null
  releaseId: string | null
  workflowId: string
  requestedBy: string
  queuedAt: Date
}

export interface DeploymentFilter {
  serviceId?: string | undefined
  environment?: string | undefined
  status?: DeploymentStatus | undefined
  trigger?: Trigger | undefined
  /** Its first digits will do. */
  commit?: string | undefined
  /** Queued at this time or later. */
  since?: Date | undefined
  /** Queued before this time. */
  until?: Date | undefined
  includeArchived: boolean
  limit: number
  cursor?: string | undefined
}

/** The newest deployment of an environment that has started its migration hook, whatever came of it. */
export interface LastMigration {
  deploymentId: string
  commitSha: string | null
  /** It ended as MigrationOutcomeUnknown. */
  outcomeUnknown: boolean
  resolved: MigrationAnswer | null
}

export interface RecordedApproval extends ApprovalAnswer {
  /** ISO 8601. */
  at: string
}

export type MigrationAnswer = NonNullable<Deployment['migrationResolved']>

/**
 * Every write is safe to repeat, and none changes a deployment that has ended: a late writer loses.
 * Each change adds an event with the next `seq` of that deployment in the same transaction, and notifies.
 */
export interface DeploymentStore {
  /** Keeps the row that is there. Makes its steps PENDING. */
  recordQueued(deployment: NewDeployment): Promise<void>
  find(id: string): Promise<Deployment | undefined>
  /** All that those who follow ask again and again. Null when there is no such deployment (any more). */
  status(id: string): Promise<DeploymentStatus | null>
  /** Newest first. `nextCursor` is null on the last page. @throws BadCursor */
  list(filter: DeploymentFilter): Promise<{ data: Deployment[]; nextCursor: string | null }>
  started(id: string, run: { runId: string; at: Date }): Promise<void>
  stepStarted(id: string, step: StepName, attempt: number): Promise<void>
  /** This attempt failed; the next one begins `nextIn` milliseconds from now. The latest attempt only. */
  attemptFailed(
    id: string,
    step: StepName,
    failed: { attempt: number; reason: string; nextIn: number },
  ): Promise<void>
  stepFinished(
    id: string,
    step: StepName,
    result: { status: 'SUCCEEDED' | 'SKIPPED'; detail: string | null },
  ): Promise<void>
  /**
   * This deployment's release answers now; no other of the environment does. Never goes back to an older number.
   * `detail` goes with the event.
   */
  markLive(release: ReleaseRef, detail?: string | null): Promise<void>
  /**
   * Takes `live` from it and gives it back to the deployment `previous` (undo of markLive).
   * A markLive of the same deployment that comes later loses.
   */
  unmarkLive(release: ReleaseRef, previous: number | null): Promise<void>
  /** RUNNING becomes WAITING_APPROVAL (`waiting`), or goes on. `detail` goes with the event. */
  approval(id: string, change: { waiting: boolean; detail: string }): Promise<void>
  /**
   * Records the answer to one that waits for approval, unless there is one already: the first one counts.
   * @returns the answer that counts; undefined when it does not wait
   */
  answerApproval(id: string, answer: ApprovalAnswer): Promise<RecordedApproval | undefined>
  cancelRequested(id: string, cancel: { by: string; reason: string | null }): Promise<void>
  /** It came too late, and is not waited for. */
  cancelRefused(id: string): Promise<void>
  /**
   * Ends it. The step under way becomes FAILED or CANCELED, later ones SKIPPED (CANCELED when canceled).
   * When superseded and `supersededBy` is absent, the next deployment of the environment is taken for it.
   */
  finish(
    id: string,
    outcome: {
      status: DeploymentStatus
      compensation: Compensation
      failure: Failure | null
      step: StepName | null
      supersededBy?: string
    },
  ): Promise<void>
  /** How many there are of each status; of a status that is absent there is none. */
  counts(): Promise<Partial<Record<DeploymentStatus, number>>>
  /** Of the deployments with a number below `before`, or of all. */
  lastMigration(serviceId: string, environment: string, before?: number): Promise<LastMigration | undefined>
  /**
   * Records what a person found out about a migration whose outcome was unknown. The same answer again keeps the first;
   * another one replaces it, unless a later deployment has acted on it (`acted`). `known`: there is nothing to resolve.
   */
  resolveMigration(
    id: string,
    answer: Pick<MigrationAnswer, 'answer' | 'by'>,
  ): Promise<'resolved' | 'acted' | 'known'>
  /** How far these are; one that is not there (any more) is missing in the answer. */
  statuses(ids: string[]): Promise<Pick<Deployment, 'id' | 'status' | 'supersededBy'>[]>
  /** Those that have not ended, oldest first. */
  unfinished(): Promise<Deployment[]>
  /** Sets or clears archivedAt. undefined when there is none; false when it has not ended. */
  archive(id: string, archived: boolean): Promise<Deployment | false | undefined>
  /** As `archive`, of many; answers those that are now as asked. Others have not ended, or do not exist. */
  archiveAll(ids: string[], archived: boolean): Promise<string[]>
  /** Archives up to a thousand that ended before, but never what is live; answers how many. */
  archiveEnded(before: Date): Promise<number>
  /** Events after `seq`, oldest first. */
  events(id: string, afterSeq: number, limit: number): Promise<DeploymentEvent[]>
}

export interface LogStore {
  /**
   * Appends lines read from one output up to `to`; does nothing for the part that an earlier call has stored:
   * `cursor` is the name of that output, `from` must equal what `position` answers.
   * @returns false when `from` was not the stored position (another writer was faster).
   */
  append(
    deploymentId: string,
    batch: {
      step: StepName | null
      cursor: string
      from: number
      to: number
      lines: { at: Date; text: string }[]
    },
  ): Promise<boolean>
  /** How far the output named `cursor` is stored; 0 when nothing is. */
  position(deploymentId: string, cursor: string): Promise<number>
  /** @param options.bytes of text before the last line; the first line comes however long it is */
  read(
    deploymentId: string,
    options: { afterSeq: number; limit: number; step?: StepName | undefined; bytes?: number | undefined },
  ): Promise<LogLine[]>
}

export interface ReleaseStore {
  /**
   * Keeps the row that is there, and says on the deployment which commit and release it is about.
   * `sealedVariables` is the snapshot that this release runs with.
   */
  record(release: {
    releaseId: string
    deploymentId: string
    serviceId: string
    environment: string
    number: number
    commitSha: string
    commitMessage: string
    plan: Plan
    sealedVariables: SealedVariable[]
  }): Promise<void>
  /** With `deploymentId` as that deployment runs it: its own variables, if it has any. */
  find(releaseId: string, deploymentId?: string): Promise<StoredRelease | undefined>
  /** The deployment takes its release with these variables. Keeps what is there. */
  runsWith(deploymentId: string, sealedVariables: SealedVariable[]): Promise<void>
  list(serviceId: string, environment: string): Promise<Release[]>
  /** Replaces the plan of a release whose build has told the rest of it. */
  planned(releaseId: string, plan: Plan): Promise<void>
  /** The release was removed from the disk. */
  gone(releaseIds: string[]): Promise<void>
}

export interface StoredRelease {
  releaseId: string
  deploymentId: string
  number: number
  commitSha: string
  plan: Plan
  sealedVariables: SealedVariable[]
  /** The variables are the deployment's own, and not those that the release was built with. */
  own: boolean
  kept: boolean
}

/** Urls of archives whose query is a secret, sealed; by the ref that is shown in their place. */
export interface ArchiveUrlStore {
  put(serviceId: string, ref: string, sealed: string): Promise<void>
  find(serviceId: string, ref: string): Promise<string | undefined>
}

export interface ScheduleRow {
  serviceId: string
  environment: string
  name: string
  /** Exactly one of the two. */
  cron: string | null
  at: Date | null
  timeZone: string
  action: ScheduleAction
  paused: boolean
  pausedReason: string | null
  lastRun: { at: Date; deploymentId: string | null; note: string | null } | null
  createdAt: Date
}

/** What schedules there are; Temporal only carries them out, and gets back what it has lost. */
export interface ScheduleStore {
  /** @throws Taken */
  create(
    schedule: Omit<ScheduleRow, 'paused' | 'pausedReason' | 'lastRun' | 'createdAt'>,
  ): Promise<ScheduleRow>
  find(serviceId: string, environment: string, name: string): Promise<ScheduleRow | undefined>
  /** By name; all of them without a service. */
  list(serviceId?: string, environment?: string): Promise<ScheduleRow[]>
  pause(
    serviceId: string,
    environment: string,
    name: string,
    paused: boolean,
    reason: string | null,
  ): Promise<void>
  ran(
    serviceId: string,
    environment: string,
    name: string,
    run: NonNullable<ScheduleRow['lastRun']>,
  ): Promise<void>
  remove(serviceId: string, environment: string, name: string): Promise<boolean>
}

export interface IdempotencyStore {
  /**
   * Claims the key for this body. `new`: go on. `same`: it was answered before, with this.
   * `running`: another request holds it. `mismatch`: it was used with another body.
   */
  claim(
    key: string,
    scope: string,
    bodyHash: string,
  ): Promise<
    | { state: 'new' | 'running' | 'mismatch' }
    | { state: 'same'; answer: { status: number; headers: Record<string, string>; body: string } }
  >
  answer(
    key: string,
    scope: string,
    answer: { status: number; headers: Record<string, string>; body: string },
  ): Promise<void>
  /** The request failed before it had an effect: the key may be used again. */
  release(key: string, scope: string): Promise<void>
  /** Gives up all claims that this holder has not answered; for one that starts, and so has none under way. */
  abandon(): Promise<void>
}

/** One push of a delivery, and which environments it is for. */
export interface WebhookTarget {
  environment: string
  ref: string
  /** Bitbucket tells only the first digits of a pull request's. */
  commitSha: string
  /** It is the preview of a pull request that is to be deployed, or to be removed. */
  preview?: PullRequestFacts & { action: 'open' | 'close' }
}

/** What became of one delivery in one environment, or of a push that none wants (`environment` is null). */
export interface DeliveryResult {
  environment: string | null
  deploymentId: string | null
  outcome: 'pending' | 'deployed' | 'removed' | 'rejected' | 'ignored'
  /** A sentence for people; null while it is pending or when it was simply deployed. */
  reason: string | null
}

export interface DeliveryRow {
  id: string
  serviceId: string
  /** Who delivered it: a forge, or the sweep. */
  provider: string
  /** The forge's own id. */
  deliveryId: string
  event: string
  targets: WebhookTarget[]
  results: DeliveryResult[]
  redeliveryOf: string | null
  receivedAt: Date
  /** null while an environment's result is pending. */
  settledAt: Date | null
  /** How often its deployments were tried to be started. */
  attempts: number
}

export interface NewDelivery extends Pick<
  DeliveryRow,
  'id' | 'serviceId' | 'provider' | 'deliveryId' | 'event' | 'targets' | 'results' | 'redeliveryOf'
> {}

/**
 * What forges have delivered: the log, and the outbox of what is still to be deployed. A delivery that is recorded
 * is deployed, whoever dies meanwhile.
 */
export interface WebhookStore {
  secret(serviceId: string): Promise<{ sealed: string; createdAt: Date } | undefined>
  /** null takes it away. */
  setSecret(serviceId: string, sealed: string | null): Promise<void>
  /**
   * Records it in one transaction with the commits that its environments have thereby seen. A commit that an
   * environment has seen already is not deployed again (`again` says that it is to be).
   * @returns the row, and whether it was known before, in which case nothing was changed
   */
  record(delivery: NewDelivery, again: boolean): Promise<{ row: DeliveryRow; known: boolean }>
  find(serviceId: string, id: string): Promise<DeliveryRow | undefined>
  /** Newest first. @throws BadCursor */
  list(
    serviceId: string,
    page: { limit: number; cursor?: string | undefined },
  ): Promise<{ data: DeliveryRow[]; nextCursor: string | null }>
  /**
   * Those that are not settled and whose time has come, oldest first, of all services but `except`. One waits while an
   * older push to an environment of its own is to be tried again later, but no longer than `patienceMs` after that came.
   * Last come those that only wait for a preview to be gone, so that many of them leave room for others.
   */
  pending(options: { limit: number; except: readonly string[]; patienceMs: number }): Promise<DeliveryRow[]>
  /** Whether a delivery that came after this one was deployed in that environment. */
  isOvertaken(delivery: Pick<DeliveryRow, 'id' | 'serviceId'>, environment: string): Promise<boolean>
  /** Counts one more attempt. */
  attempted(id: string): Promise<void>
  /** Writes the results; `retryAfterMs` when some are still pending. */
  settle(id: string, results: DeliveryResult[], retryAfterMs: number): Promise<void>
  /** Removes those of before `before`, apart from pending ones. */
  forget(before: Date): Promise<void>
}

/** A push that was accepted, and the deployment that is to follow from it. */
export interface PushRow {
  /** Also the request id of the deployment: however often it is started, it is one. */
  id: string
  serviceId: string
  environment: string
  branch: string
  commitSha: string
  pushedAt: Date
}

/** Pushes whose deployment is not in its lane yet: written before the refs change, so that none is lost. */
export interface PushStore {
  /** All of them or none. */
  note(pushes: Omit<PushRow, 'pushedAt'>[]): Promise<void>
  /** Its deployment is in its lane, or there will be none. Absent is fine. */
  settle(id: string): Promise<void>
  /** Newest first. */
  pending(): Promise<PushRow[]>
}

export class Taken extends Error {
  override name = 'Taken'
}

export class BadCursor extends Error {
  override name = 'BadCursor'
}
