import type { Service } from '../contract/service.ts'

/** Where the code of a service comes from: its repository, or where people push to. */
export const sourceUrl = ({ source, pushUrl }: Pick<Service, 'source' | 'pushUrl'>): string =>
  source.kind === 'git' ? source.url : (pushUrl ?? '')
