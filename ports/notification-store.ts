import type {
  Delivery,
  DeliveryStatus,
  NotificationData,
  NotificationEvent,
  NotificationKind,
} from '../contract/notification.ts'

export interface TargetRow {
  serviceId: string
  name: string
  kind: NotificationKind
  shownUrl: string
  sealedUrl: string
  sealedSecret: string | null
  events: NotificationEvent[]
  environments: string[]
}

export interface DeliveryRow {
  id: string
  event: NotificationEvent
  data: NotificationData
  status: DeliveryStatus
  createdAt: Date
  /** null: it was removed since. */
  target: TargetRow | null
}

/**
 * Deliveries come into being in the transaction of what they tell of: see the migration that makes their table.
 */
export interface NotificationStore {
  targets(serviceId: string): Promise<TargetRow[]>
  /** Replaces all of them. */
  replaceTargets(serviceId: string, targets: Omit<TargetRow, 'serviceId'>[]): Promise<void>
  /**
   * Ids of those that nobody has taken over yet, or whose taker has been silent for long; oldest first.
   * Deliveries are dropped after 30 days.
   */
  waiting(limit: number): Promise<string[]>
  handedOver(id: string): Promise<void>
  find(id: string): Promise<DeliveryRow | undefined>
  /** One attempt has ended. Nothing changes a delivery that has ended. */
  attempted(
    id: string,
    attempt: { status: DeliveryStatus; httpStatus: number | null; error: string | null },
  ): Promise<void>
  /** Ends one that was tried for long enough. */
  giveUp(id: string): Promise<void>
  /** Newest first. @throws BadCursor */
  deliveries(
    serviceId: string,
    page: { limit: number; cursor?: string | undefined },
  ): Promise<{ data: Delivery[]; nextCursor: string | null }>
}
