import type { ObservedProcess } from '../contract/process.ts'

export interface ObservedProcesses {
  /** Of the deployment whose release was live when its host looked. */
  number: number
  processes: ObservedProcess[]
  observedAt: Date
}

/** What hosts have last seen of what is live; each environment has one host. */
export interface ProcessStore {
  /** Does nothing for an environment that was deleted. */
  observed(serviceId: string, environment: string, seen: Omit<ObservedProcesses, 'observedAt'>): Promise<void>
  find(serviceId: string, environment: string): Promise<ObservedProcesses | undefined>
}
