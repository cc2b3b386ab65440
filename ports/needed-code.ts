import type { Store } from './store.ts'

/** Commits of a service that something was made from or is being made from: every kept release, every unfinished deployment. */
export async function neededCommits(
  store: Pick<Store, 'environments' | 'releases' | 'deployments'>,
  serviceId: string,
): Promise<string[]> {
  const [environments, unfinished] = await Promise.all([
    store.environments.list(serviceId),
    store.deployments.unfinished(),
  ])
  const releases = await Promise.all(
    environments.map(({ environment }) => store.releases.list(serviceId, environment)),
  )
  return [
    ...releases.flat().filter(({ kept, live }) => kept || live),
    ...unfinished.filter((one) => one.serviceId === serviceId),
  ].flatMap(({ commitSha }) => commitSha ?? [])
}
