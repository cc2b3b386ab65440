import path from 'node:path'
import type { Builder } from '../../../ports/builder.ts'
import type { Releases } from '../../../ports/releases.ts'
import { hostEnvironment } from '../../process/host-environment.ts'
import type { ServiceFolders } from '../../process/service-folders.ts'
import type { ServiceUsers } from '../../process/service-user.ts'
import { installWith, type TreeInstall } from './trees/index.ts'

type Work = Parameters<Builder['run']>[1]

interface Options {
  releases: Pick<Releases, 'directory'>
  users: ServiceUsers
}

/** Undefined where more decides what the command makes than certain files, or where it is not the plan's own. */
export async function treeInstall(
  options: Options,
  work: Work,
  { home, trees }: Pick<ServiceFolders, 'home' | 'trees'>,
): Promise<TreeInstall | undefined> {
  const { release, plan, command, variables, toolchain } = work
  if (!plan.tree || command !== plan.install?.command) return undefined
  const { serviceId, environment } = release
  return installWith({
    folder: trees,
    planned: plan.tree,
    release: release.releaseNumber,
    user: await options.users.userOf(serviceId, environment),
    code: options.releases.directory(release),
    command,
    environment: { ...toolchain?.environment, ...plan.buildEnvironment, ...variables },
    tools: plan.tools.map(({ name }) => name),
    searchPath: [...(toolchain?.folders ?? []), hostEnvironment()['PATH']].join(path.delimiter),
    home,
  })
}
