import type { Finding } from '../../contract/deployment.ts'
import { routeHost } from '../../contract/names.ts'
import type { Router } from '../../ports/router.ts'
import type { EnvironmentRow } from '../../ports/store.ts'
import { finding } from './findings.ts'

/** Without a router, or when another route has one of the names, the switch would fail at the end of a long build. */
export async function trafficFindings(
  router: Pick<Router, 'list'>,
  { serviceId, environment, domains }: EnvironmentRow,
): Promise<Finding[]> {
  let routes
  try {
    routes = await router.list()
  } catch {
    const message = 'The router of this host does not answer, so no traffic could be switched.'
    return [finding('RouterUnreachable', message, 'sluice up')]
  }
  const hosts = new Set([routeHost(serviceId, environment), ...domains])
  return routes
    .filter(({ route }) => route !== `${serviceId}/${environment}`)
    .flatMap((other) =>
      other.hosts.filter((host) => hosts.has(host)).map((host) => ({ host, route: other.route })),
    )
    .map(({ host, route }) =>
      finding(
        'DomainTaken',
        `${host} is routed to ${route}. Take the domain from one of the two; what was taken from ${route} goes with its restart.`,
        `sluice restart ${route.replace('/', ' ')}`,
      ),
    )
}
