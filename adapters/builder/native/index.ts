import path from 'node:path'
import { defaults } from '../../../contract/defaults.ts'
import { defaultLimits } from '../../../contract/limits.ts'
import type { Builder, StepResult } from '../../../ports/builder.ts'
import { JobCanceled, type JobResult, type Jobs, type JobSpec } from '../../../ports/jobs.ts'
import type { Releases } from '../../../ports/releases.ts'
import type { Secrets } from '../../../ports/secrets.ts'
import type { LogStore } from '../../../ports/store.ts'
import { differentDisks, fullDiskOf, roomOn, roomSaid } from '../../files/room.ts'
import { hostEnvironment, reachEnvironment } from '../../process/host-environment.ts'
import { type ServiceFolders, serviceFolders } from '../../process/service-folders.ts'
import type { ServiceUsers } from '../../process/service-user.ts'
import { markInUse } from './caches/in-use.ts'
import { cacheEnvironment } from './cache-environment.ts'
import { FoundTools } from './found-tools.ts'
import { afterPacks, packCommand, packEnvironment } from './pack-program.ts'
import { StepLog } from './step-log.ts'
import { toolchainFor } from './toolchain.ts'
import { treeInstall } from './tree-install.ts'

export interface NativeBuilderOptions {
  jobs: Jobs
  releases: Pick<Releases, 'directory'>
  logs: Pick<LogStore, 'append' | 'position'>
  secrets: Pick<Secrets, 'mask'>
  /** Folder for what package managers keep between builds, per service and environment. */
  caches: string
  /** Folder for links to tools, which every service may pass through. */
  toolsDirectory: string
  users: ServiceUsers
  /** Further folders that a command fills, such as that of the jobs' output. */
  alsoFilled?: readonly string[]
  /** Bytes of output kept per step. */
  logCap?: number
}

type Step = Parameters<Builder['run']>[0]
type Work = Parameters<Builder['run']>[1]

/** Builds with the machine's own tools, in the release folder, as the service's user. */
export function nativeBuilder(options: NativeBuilderOptions): Builder {
  const { jobs, secrets, logs, logCap = defaults.stepLogCap, alsoFilled = [] } = options
  const found = new FoundTools()
  return {
    toolchain: async (tools, { serviceId, environment }) => {
      const { home } = await serviceFolders(options)(serviceId, environment)
      const user = await options.users.userOf(serviceId, environment)
      return toolchainFor(tools, { user, home, links: options.toolsDirectory, found })
    },

    run: async (step, work) => {
      const secretValues = work.secretValues ?? Object.values(work.variables)
      const { deploymentId, serviceId, environment } = work.release
      const mask = secrets.mask(secretValues)
      const [log, folders] = await Promise.all([
        StepLog.open({
          ...{ logs, mask, cap: logCap, job: work.job ?? step },
          ...(step === 'run'
            ? { deploymentId: work.run ?? deploymentId, step: null }
            : { deploymentId, step }),
        }),
        serviceFolders(options)(serviceId, environment),
      ])
      const spec = specOf(options, step, work, folders)
      const install = step === 'install' ? await treeInstall(options, work, folders) : undefined
      // So that nothing is taken from under the job.
      const unmark = await markInUse(path.dirname(folders.home), spec.id)
      const output = { from: log.from, write: (chunk: Buffer, offset: number) => log.write(chunk, offset) }
      try {
        const command = install?.command ?? spec.command
        const result = await jobs.run({ ...spec, command }, { signal: work.signal, output })
        if (result.outcome === 'exited' && result.exitCode === 0) await install?.keep()
        const noRoom = await noRoomFor(result, [spec.directory, options.caches, ...alsoFilled])
        await log.finish()
        const tailMask = secrets.mask(secretValues)
        return { ...result, ...noRoom, tail: tailMask.push(result.tail) + tailMask.flush() }
      } catch (error) {
        // Somebody else goes on with it, unless it was canceled: then this was all.
        if (error instanceof JobCanceled) await log.finish()
        throw error
      } finally {
        log.stop()
        await install?.discard()
        await unmark()
      }
    },
  }
}

/** Many tools clear up after a failure, so the disk may have room again: then what they said counts. */
async function noRoomFor(result: JobResult, folders: string[]): Promise<Pick<StepResult, 'noRoom'>> {
  if (result.outcome === 'exited' && result.exitCode === 0) return {}
  const full = await fullDiskOf(folders)
  if (full) return { noRoom: roomSaid(full) }
  if (!/\bENOSPC\b|No space left on device|Disk quota exceeded/i.test(result.tail)) return {}
  const rooms = await Promise.all((await differentDisks(folders)).map(roomOn))
  return { noRoom: `${rooms.map(roomSaid).join('; ')} again` }
}

function specOf(options: NativeBuilderOptions, step: Step, work: Work, folders: ServiceFolders): JobSpec {
  const { release, plan, timeoutMs } = work
  const { serviceId, environment, number } = release
  return {
    // No number of a deployment: a run goes on when its release is replaced.
    id: `${serviceId}/${environment}/${work.run === undefined ? `${number}/${work.job ?? step}` : runJob(work.run)}`,
    command: commandOf(work),
    directory: path.join(options.releases.directory(release), plan.root),
    environment: environmentOf(options, step, work, folders),
    serviceId,
    environmentName: environment,
    timeoutMs,
    // A migration may have changed the database when its result is lost: never a second time unasked.
    repeatable: work.repeatable ?? (step !== 'migrate' && step !== 'run'),
    limits: plan.buildLimits ?? defaultLimits,
  }
}

/** Job ids have lower-case letters, digits and - only. */
const runJob = (run: string): string => `run/${run.replaceAll('_', '-')}`

function commandOf({ command, pack, after = 0 }: Work): string {
  if (pack) return packCommand(pack)
  return after > 0 ? afterPacks(after, command) : command
}

function environmentOf(
  { releases }: NativeBuilderOptions,
  step: Step,
  { release, plan, variables, toolchain, pack }: Work,
  { home, temporary, cache }: ServiceFolders,
): Record<string, string> {
  const host = hostEnvironment()
  const directory = path.join(releases.directory(release), plan.root)
  const folders = [
    ...(plan.path ?? []).map((folder) => path.join(directory, folder)),
    ...(toolchain?.folders ?? []),
  ]
  const common = {
    ...host,
    ...reachEnvironment(),
    PATH: [...folders, host['PATH']].join(path.delimiter),
    ...(step === 'run' ? {} : { CI: 'true' }),
    HOME: home,
    TMPDIR: temporary,
  }
  // A buildpack brings its own ideas of caches and settings.
  if (pack) return { ...common, ...packEnvironment(pack, { cache, directory, variables }) }
  return {
    ...common,
    ...cacheEnvironment(cache),
    ...toolchain?.environment,
    ...(step === 'install' || step === 'build' ? plan.buildEnvironment : plan.environment),
    ...variables,
  }
}
