import { serviceUrlOf } from '../contract/names.ts'
import type { Settings } from '../contract/settings.ts'

/** Where an environment answers. */
export const serviceUrl = (
  { routerPort }: Pick<Settings, 'routerPort'>,
  { serviceId, environment }: { serviceId: string; environment: string },
): string => serviceUrlOf(routerPort, serviceId, environment)
