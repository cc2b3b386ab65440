/** When a command of a live release is to run. */
export interface CronTimes {
  serviceId: string
  environment: string
  name: string
  schedule: string
  timeZone: string
}

export interface KeptCron extends CronTimes {
  /** Why its times cannot be kept. */
  note: string | null
}

/** What live releases want to run at certain times, and what the keeper of the time was told. */
export interface CronStore {
  /** Of the plans of all that is live; of one name twice the last counts. */
  wanted(): Promise<CronTimes[]>
  kept(serviceId?: string, environment?: string): Promise<KeptCron[]>
  /** Adds or replaces. */
  keep(entry: KeptCron): Promise<void>
  forget(entry: Pick<CronTimes, 'serviceId' | 'environment' | 'name'>): Promise<void>
}
