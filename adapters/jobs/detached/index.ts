import { rm, rmdir } from 'node:fs/promises'
import path from 'node:path'
import { JobCanceled, type Jobs, type JobSpec } from '../../../ports/jobs.ts'
import { ignoreNoSpace } from '../../../ports/no-space.ts'
import { entriesAt } from '../../files/entries-at.ts'
import { syncFileSystem } from '../../files/file-system.ts'
import { type Cgroups, noCgroups } from '../../process/cgroup/index.ts'
import { ClosedNumbers } from '../../process/closed-numbers.ts'
import { assertReachable } from '../../process/reachable.ts'
import type { ServiceUsers } from '../../process/service-user.ts'
import {
  Attendance,
  cancelGraceMs,
  cgroupFor,
  type Ending,
  endProcesses,
  sweepLeftovers,
} from './attendance.ts'
import { ClosedRuns } from './closed-runs.ts'
import { FolderWatch } from './folder-watch.ts'
import { folderOf, JobFolder, jobsBelow } from './job-folder.ts'
import { OutputFile } from './output-file.ts'
import { OutputStream } from './output-stream.ts'

export interface DetachedJobsOptions {
  /** Of Sluice alone: a folder per job. */
  directory: string
  users: ServiceUsers
  /** Where jobs are contained; without, they are only told by their group and their mark. */
  cgroups?: Cgroups
  /** Bytes of output that stay on the disk while a job runs. */
  outputCap?: number
}

/** Jobs as detached processes that outlive the agent, with all that is needed to take them up again in a folder each. */
export function detachedJobs({
  directory,
  users,
  cgroups = noCgroups,
  outputCap = 64 * 1024 * 1024,
}: DetachedJobsOptions): Jobs {
  const closed = new ClosedNumbers(path.join(directory, '.closed'))
  const closedRuns = new ClosedRuns(path.join(directory, '.closed'))
  const closeRun = (id: string) => closedRuns.close(id).catch(ignoreNoSpace)
  const discardFolder = (folder: string) =>
    discard(folder, (job) => closeRun(path.relative(directory, job.directory)))

  const refuseClosed = async ({ id }: JobSpec) => {
    if (!(await closed.isClosed(id)) && !(await closedRuns.isClosed(id))) return
    const folder = folderOf(directory, id)
    await discardFolder(folder)
    // The folder of the deployment or of the runs, unless another job in it is there or is being removed too.
    await rmdir(path.dirname(folder)).catch(() => {})
    throw new JobCanceled(`${id} was discarded`)
  }

  const attend: Jobs['run'] = async (spec, { signal, output }) => {
    const job = new JobFolder(folderOf(directory, spec.id))
    const user = await users.userOf(spec.serviceId, spec.environmentName)
    await assertReachable(spec.directory, user)
    await refuseClosed(spec)
    const file = new OutputFile(job.output, outputCap)
    if (await job.latest()) await file.recall()
    else await job.prepare(1, spec, cgroupFor(cgroups, spec.id, 1))

    const watch = new FolderWatch(job.directory, isNews)
    const stream = new OutputStream(file, output)
    const interrupted = interruption(job, signal, stream, watch)
    // Between the preparation and each step: what is prepared too late is removed, even by who is to leave it alone.
    const check = async () => {
      await refuseClosed(spec)
      await interrupted()
    }
    try {
      const attendance = new Attendance(job, spec, user, watch, cgroups)
      const ending = await attendance.untilEnded(check)
      await stream.finish()
      if (ending.by === 'itself') {
        // The sweep last: its look at all processes holds everything else up, and the other waits for the disk.
        await Promise.all([keep(job, spec, ending), sweepLeftovers(ending.state)])
      }
      return await attendance.result(ending)
    } finally {
      stream.stop()
      watch.close()
    }
  }

  return {
    async run(spec, options) {
      try {
        return await attend(spec, options)
      } catch (error) {
        // A discard takes the folder away under the hands of whoever is about to use it.
        if (isGone(error)) await refuseClosed(spec)
        throw error
      }
    },
    async discard(prefix) {
      const folder = folderOf(directory, prefix)
      await closed.close(prefix).catch(ignoreNoSpace)
      await closeRun(prefix)
      await discardFolder(folder)
    },
    async forget(serviceId, environment) {
      await discardFolder(folderOf(directory, `${serviceId}/${environment}`))
      await closedRuns.forget(serviceId, environment)
    },
    async list() {
      const folders = await entriesAt(directory, 3)
      return folders.filter((folder) => /^[a-z0-9-]+\/[a-z0-9-]+\/\d+$/.test(folder)).toSorted()
    },
    async halt() {
      const jobs = await jobsBelow(directory)
      await Promise.all(jobs.map((job) => endProcesses(job, cancelGraceMs)))
    },
  }
}

/** Whether it may mean a step: not the output, and nothing of how a shell makes its claim. */
const isNews = (name: string | null): boolean => !/^(output|let-go|claim-.*|.*\.tmp)$/.test(name ?? '')

/** What may end the attendance early: a sink that fails, and the caller. Answers the check to make at every turn. */
function interruption(job: JobFolder, signal: AbortSignal, stream: OutputStream, watch: FolderWatch) {
  let failure: { reason: unknown } | undefined
  const fail = (reason: unknown) => {
    failure ??= { reason }
    watch.wake()
  }
  stream.done.catch(fail)
  signal.addEventListener('abort', () => watch.wake(), { once: true })
  return async (): Promise<void> => {
    if (failure) throw failure.reason
    if (!signal.aborted) return
    if (signal.reason !== 'cancel') throw signal.reason
    await job.decide('canceled')
  }
}

/**
 * What survives a power loss before the result counts. Of what may be repeated that is what the command wrote, if it may be
 * built upon: its exit status is one of an earlier boot then, and means nothing. Of all else it is the exit status.
 */
async function keep(
  job: JobFolder,
  { repeatable, directory }: JobSpec,
  { ending, state }: Extract<Ending, { by: 'itself' }>,
): Promise<void> {
  if (!repeatable) await job.keepExit(state.attempt.number)
  else if (ending.status === 0) await syncFileSystem(directory)
}

/** `close` comes before anything of a job is taken away: whoever attends it finds the folder or the mark. */
async function discard(directory: string, close: (job: JobFolder) => Promise<void>): Promise<void> {
  // While these end, others may begin below: nothing is taken away that was not ended.
  for (let jobs = await jobsBelow(directory); jobs.length > 0; jobs = await jobsBelow(directory)) {
    for (const job of jobs) {
      await close(job)
      await end(job)
      await remove(job.directory)
    }
  }
  await remove(directory)
}

async function end(job: JobFolder): Promise<void> {
  try {
    // A full disk has no room for it, and this is what gives it room.
    await job.decide('canceled').catch(ignoreNoSpace)
    await endProcesses(job, cancelGraceMs)
  } catch (error) {
    // Who discards and who finds itself discarded both come here; the folder goes last, so the other one is done.
    if (!isGone(error)) throw error
  }
}

/** A wrapper that came too late for its claim may still make a file: the removal looks again then. */
const remove = (directory: string): Promise<void> =>
  rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 })

const isGone = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'
