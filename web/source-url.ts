import type { Service } from '../contract/service.ts'

/** Where the code of a service lies elsewhere; undefined when it is pushed to Sluice. */
export const sourceUrlOf = (service: Pick<Service, 'source'> | undefined): string | undefined =>
  service?.source.kind === 'git' ? service.source.url : undefined
