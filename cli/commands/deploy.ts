import { Option, type Command } from 'commander'
import type { Deployment } from '../../contract/deployment.ts'
import { fileBody, folderBody } from '../archive-body.ts'
import { clientOf, type Client } from '../client.ts'
import { contextOf, type Context } from '../context.ts'
import { standardEnvironment } from '../deployment-id.ts'
import { environmentPath } from '../paths.ts'
import { upload } from '../upload.ts'
import { waitOptions, waitOrReturn, type WaitOptions } from '../wait.ts'

interface DeployOptions extends WaitOptions {
  ref?: string
  archive?: string
  sha256?: string
  dir?: string
  build: boolean
}

export function register(program: Command): void {
  waitOptions(
    program
      .command('deploy <service> [environment]')
      .description('deploy, and follow it to the end (environment: production)')
      .option('--ref <ref>', "branch, tag or commit; the environment's branch when absent")
      .addOption(
        new Option('--archive <file or url>', 'deploy a tar, tar.gz, tar.zst, zip, JAR or WAR').conflicts([
          'ref',
          'dir',
        ]),
      )
      .option('--sha256 <sum>', 'of the archive behind a url; another one is not deployed')
      .addOption(
        new Option('--dir <folder>', 'deploy a folder as it is, without what git ignores').conflicts([
          'ref',
          'archive',
        ]),
      )
      .addOption(
        new Option('--no-build', 'restart the live release with the variables of now').conflicts([
          'ref',
          'archive',
          'dir',
        ]),
      ),
  ).action(
    async (service: string, environment: string | undefined, options: DeployOptions, command: Command) => {
      const context = contextOf(command)
      const client = clientOf(context.settings)
      const target = { service, environment: environment ?? standardEnvironment }
      if (!options.build) {
        const path = `${environmentPath(service, target.environment)}/restart`
        return await waitOrReturn(context, client, await client.post<Deployment>(path), options)
      }
      const deployment = await accepted(context, client, target, options)
      await waitOrReturn(context, client, deployment, options)
    },
  )
}

async function accepted(
  context: Context,
  client: Client,
  target: { service: string; environment: string },
  { ref, archive, sha256, dir }: DeployOptions,
): Promise<Deployment> {
  if (dir !== undefined) return upload(context, client, target, await folderBody(dir))
  if (archive === undefined) {
    const { service: serviceId, environment } = target
    return client.post('/v1/deployments', { serviceId, environment, ...(ref === undefined ? {} : { ref }) })
  }
  if (!/^[a-z]+:\/\//i.test(archive)) return upload(context, client, target, await fileBody(archive))
  const body = { url: archive, ...(sha256 === undefined ? {} : { sha256 }) }
  return client.post(`${environmentPath(target.service, target.environment)}/archives`, body)
}
