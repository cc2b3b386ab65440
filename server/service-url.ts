import { routeHost } from '../contract/names.ts'
import type { Settings } from '../contract/settings.ts'

/** Where an environment answers. The router's own name for it, which works before any domain points here. */
export function serviceUrl(
  { routerPort }: Pick<Settings, 'routerPort'>,
  { serviceId, environment }: { serviceId: string; environment: string },
): string {
  const port = routerPort === 80 ? '' : `:${routerPort}`
  return `http://${routeHost(serviceId, environment)}${port}/`
}
