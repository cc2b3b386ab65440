import type { ColumnType, Generated, JSONColumnType } from 'kysely'
import type { Config } from '../../../contract/config.ts'
import type { Failure } from '../../../contract/failures.ts'
import type { Plan } from '../../../contract/plan.ts'
import type { ObservedProcess } from '../../../contract/process.ts'
import type { PreviewRule } from '../../../contract/preview.ts'
import type { Run, RunStatus } from '../../../contract/run.ts'
import type { ServiceSource } from '../../../contract/service.ts'
import type { ScheduleAction } from '../../../contract/schedule.ts'
import type {
  Compensation,
  DeploymentStatus,
  StepName,
  StepStatus,
  Trigger,
} from '../../../contract/vocabulary.ts'
import type { TokenRole } from '../../../contract/token.ts'
import type {
  DeliveryStatus,
  NotificationData,
  NotificationEvent,
  NotificationKind,
} from '../../../contract/notification.ts'
import type { Freeze } from '../../../contract/freeze.ts'
import type { QueuePolicy } from '../../../contract/queue-policy.ts'
import type {
  DeliveryResult,
  MigrationAnswer,
  RecordedApproval,
  SealedVariable,
  WebhookTarget,
} from '../../../ports/store.ts'

/** JSON in a `jsonb` column: read as it is, written as text. */
type Json<T extends object> = JSONColumnType<T>
type NullableJson<T> = ColumnType<T | null, string | null, string | null>

export interface Tables {
  services: ServicesTable
  environments: EnvironmentsTable
  environment_hosts: EnvironmentHostsTable
  variables: VariablesTable
  deployments: DeploymentsTable
  deployment_numbers: DeploymentNumbersTable
  deployment_steps: StepsTable
  deployment_events: EventsTable
  deployment_logs: LogsTable
  log_cursors: LogCursorsTable
  releases: ReleasesTable
  idempotency_keys: IdempotencyKeysTable
  archive_urls: ArchiveUrlsTable
  deliveries: DeliveriesTable
  api_tokens: ApiTokensTable
  audit_entries: AuditEntriesTable
  notification_targets: NotificationTargetsTable
  notification_deliveries: NotificationDeliveriesTable
  pushes: PushesTable
  schedules: SchedulesTable
  deployment_variables: DeploymentVariablesTable
  previews: PreviewsTable
  variable_changes: VariableChangesTable
  sign_in_links: SignInLinksTable
  observed_processes: ObservedProcessesTable
  runs: RunsTable
  run_lines: RunLinesTable
  cron_schedules: CronSchedulesTable
}

interface PushesTable {
  id: string
  service_id: string
  environment: string
  branch: string
  commit_sha: string
  pushed_at: Generated<Date>
}

interface ArchiveUrlsTable {
  service_id: string
  ref: string
  sealed: string
  created_at: Generated<Date>
}

interface DeploymentNumbersTable {
  service_id: string
  environment: string
  last_number: number
}

interface ServicesTable {
  service_id: string
  source: Json<ServiceSource>
  sealed_credentials: string | null
  repo_full_name: string | null
  created_at: Generated<Date>
  sealed_webhook_secret: string | null
  webhook_secret_at: Date | null
  sweep_seconds: number | null
  preview_rule: NullableJson<PreviewRule>
}

interface EnvironmentsTable {
  service_id: string
  environment: string
  branch: string
  domains: string[]
  auto_deploy: boolean
  config: Json<Config>
  host: string
  live_number: number | null
  /** Last change of `live_number` that was accepted; see contract/routing.ts. */
  fence_deployment: Generated<number>
  fence_revision: Generated<number>
  queue_policy: QueuePolicy | null
  approval_ms: number | null
  freezes: ColumnType<Freeze[], string | undefined, string>
  hold_reason: string | null
  hold_by: string | null
  hold_at: Date | null
  seen_commit: string | null
  /** Another environment whose variables this one has, as far as it has none of that name. */
  inherits_from: string | null
  /** Whether secrets are inherited too, from wherever. */
  inherits_secrets: Generated<boolean>
  is_preview: Generated<boolean>
  created_at: Generated<Date>
}

/** Every host name that an environment answers to, its default one included: a name belongs to one only. */
interface EnvironmentHostsTable {
  host: string
  service_id: string
  environment: string
}

interface VariablesTable {
  service_id: string
  /** '' for those of the whole service. */
  environment: string
  name: string
  sealed: string
  secret: boolean
  updated_at: Generated<Date>
}

export interface DeploymentsTable {
  id: string
  /** Order of creation over all services, for listing only. */
  created_seq: Generated<number>
  number: number
  service_id: string
  environment: string
  status: Generated<DeploymentStatus>
  trigger: Trigger
  ref: string
  commit_sha: string | null
  commit_message: string | null
  repo_full_name: string | null
  service_url: string | null
  release_id: string | null
  failure: NullableJson<Failure>
  compensation: Generated<Compensation>
  cancel_by: string | null
  cancel_reason: string | null
  cancel_at: Date | null
  rollback_of: string | null
  retry_of: string | null
  superseded_by: string | null
  workflow_id: string
  run_id: string | null
  requested_by: string
  approval: NullableJson<RecordedApproval>
  migration_resolved: MigrationAnswer['answer'] | null
  migration_resolved_by: string | null
  migration_resolved_at: Date | null
  queued_at: Date
  started_at: Date | null
  finished_at: Date | null
  archived_at: Date | null
  live_at: Date | null
  last_event_seq: Generated<number>
  last_log_seq: Generated<number>
}

export interface StepsTable {
  deployment_id: string
  position: number
  name: StepName
  status: Generated<StepStatus>
  attempt: Generated<number>
  detail: string | null
  started_at: Date | null
  finished_at: Date | null
  last_failure: string | null
  next_attempt_at: Date | null
}

export interface EventsTable {
  deployment_id: string
  seq: number
  at: Generated<Date>
  type: 'queued' | 'started' | 'step' | 'retry' | 'live' | 'approval' | 'cancelRequested' | 'finished'
  step: StepName | null
  status: string
  attempt: number | null
  detail: string | null
  next_attempt_at: Date | null
}

interface LogsTable {
  deployment_id: string
  seq: number
  step: StepName | null
  at: Date
  text: string
}

/** How far an output is stored, in bytes. */
interface LogCursorsTable {
  deployment_id: string
  cursor: string
  position: number
}

interface ReleasesTable {
  release_id: string
  deployment_id: string
  service_id: string
  environment: string
  number: number
  commit_sha: string
  plan: Json<Plan>
  sealed_variables: Json<SealedVariable[]>
  kept: Generated<boolean>
  created_at: Generated<Date>
}

interface IdempotencyKeysTable {
  scope: string
  key: string
  body_hash: string
  claimed_at: Generated<Date>
  /** Which server works on it. */
  holder: string
  /** null while the request runs. */
  answer: NullableJson<{ status: number; headers: Record<string, string>; body: string }>
}

interface DeliveriesTable {
  id: string
  created_seq: Generated<number>
  service_id: string
  provider: string
  delivery_id: string
  event: string
  targets: Json<WebhookTarget[]>
  results: Json<DeliveryResult[]>
  redelivery_of: string | null
  received_at: Generated<Date>
  settled_at: Date | null
  attempts: Generated<number>
  next_attempt_at: Generated<Date>
}

interface SignInLinksTable {
  /** SHA-256, hex. */
  hash: string
  sealed_token: string
  expires_at: Date
}

interface ApiTokensTable {
  id: string
  name: string
  role: TokenRole
  /** null for all services. */
  service_id: string | null
  /** SHA-256, hex. */
  hash: string
  created_by: string
  created_at: Generated<Date>
  expires_at: Date | null
  last_used_at: Date | null
}

interface AuditEntriesTable {
  seq: Generated<number>
  at: Generated<Date>
  actor_id: string
  actor_name: string
  role: TokenRole
  address: string
  action: string
  service_id: string | null
  environment: string | null
  target: string | null
  status: number
  code: string | null
  request_id: string
}

interface NotificationTargetsTable {
  service_id: string
  name: string
  kind: NotificationKind
  shown_url: string
  sealed_url: string
  sealed_secret: string | null
  events: NotificationEvent[]
  environments: string[]
  created_at: Generated<Date>
}

interface NotificationDeliveriesTable {
  id: Generated<string>
  seq: Generated<number>
  service_id: string
  target: string
  deployment_id: string
  event: NotificationEvent
  data: Json<NotificationData>
  status: Generated<DeliveryStatus>
  attempts: Generated<number>
  last_status: number | null
  last_error: string | null
  created_at: Generated<Date>
  handed_over_at: Date | null
  finished_at: Date | null
}

export interface SchedulesTable {
  service_id: string
  environment: string
  name: string
  cron: string | null
  at: Date | null
  time_zone: string
  action: Json<ScheduleAction>
  paused: Generated<boolean>
  paused_reason: string | null
  last_run_at: Date | null
  last_run_deployment: string | null
  last_run_note: string | null
  created_at: Generated<Date>
}

/** What a deployment runs with that takes a release with other variables than it was built with. */
interface DeploymentVariablesTable {
  deployment_id: string
  sealed_variables: Json<SealedVariable[]>
}

export interface PreviewsTable {
  service_id: string
  environment: string
  number: number
  title: string
  url: string | null
  branch: string
  target_branch: string
  from_fork: boolean
  /** Delivery whose commit it has. */
  told_by: string | null
  asked_at: Date | null
  expires_at: Date | null
  closed_at: Date | null
  closed_reason: string | null
}

/** Never holds a value. */
interface VariableChangesTable {
  id: Generated<number>
  service_id: string
  /** '' for those of the whole service. */
  environment: string
  name: string
  change: 'set' | 'removed'
  secret: boolean
  version: number
  at: Generated<Date>
}

interface ObservedProcessesTable {
  service_id: string
  environment: string
  deployment_number: number
  processes: Json<ObservedProcess[]>
  observed_at: Generated<Date>
}

export interface RunsTable {
  id: string
  seq: Generated<number>
  service_id: string
  environment: string
  kind: Run['kind']
  cron_name: string | null
  command: string
  sealed_command: string
  deployment_id: string
  release_id: string
  number: number
  release_number: number
  host: string
  status: Generated<RunStatus>
  exit_code: number | null
  note: string | null
  requested_by: string
  created_at: Generated<Date>
  started_at: Date | null
  finished_at: Date | null
  last_line_seq: Generated<number>
  output_position: Generated<number>
}

interface RunLinesTable {
  run_id: string
  seq: number
  at: Date
  text: string
}

interface CronSchedulesTable {
  service_id: string
  environment: string
  name: string
  schedule: string
  time_zone: string
  note: string | null
}
