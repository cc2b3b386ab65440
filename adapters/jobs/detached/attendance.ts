import { constants } from 'node:os'
import { defaults } from '../../../contract/defaults.ts'
import { JobCanceled, type JobResult, type JobSpec } from '../../../ports/jobs.ts'
import { defaultLimits, type LimitName } from '../../../contract/limits.ts'
import { Cgroup, type CgroupFolders, type Cgroups, Refusals } from '../../process/cgroup/index.ts'
import { ignoreNoSpace } from '../../../ports/no-space.ts'
import { assertRoom } from '../../files/room.ts'
import { readClaim, revokeClaim } from '../../process/claim.ts'
import type { Ending as CommandEnding } from '../../process/ending.ts'
import { signalOf } from '../../process/exit-status.ts'
import { membersOf, type ProcessFamily, sweep, terminate } from '../../process/group.ts'
import { ageOf, bootId, isAlive } from '../../process/identity.ts'
import { launch } from '../../process/launch.ts'
import { tailOf } from '../../process/output-tail.ts'
import type { ServiceUser } from '../../process/service-user.ts'
import type { FolderWatch } from './folder-watch.ts'
import type { Attempt, AttemptState, JobFolder, Verdict } from './job-folder.ts'

/** Between SIGTERM and SIGKILL of a job that has run out of time. */
const graceMs = 5000
/** The same for one that is canceled: the whole cancel is over within 2 s. */
export const cancelGraceMs = 1000
/** Until the job is ended for a reason. One that only asks for more processes is past hearing. */
const graceOf: Record<Verdict, number> = {
  timedOut: graceMs,
  unknown: graceMs,
  canceled: cancelGraceMs,
  processes: 0,
}
/** Exit status of a command that was killed, as a shell reports it. */
const killed = 128 + constants.signals.SIGKILL
/** For what a finished command left in the background. */
const leftoverGraceMs = 1000
/** A command whose processes vanish every time (killed by the kernel, say) is not started for ever. */
const mostAttempts = 3
/** A wrapper that has not shown up by then was lost; a second one is harmless. */
const claimLimitMs = 10_000

export type Ending =
  | { by: 'itself'; ending: CommandEnding; state: AttemptState }
  | { by: 'verdict'; verdict: Verdict }

/** One caller's look after one job: brings it to run, waits for its end, ends it when it must. */
export class Attendance {
  launched = false
  #job: JobFolder
  #spec: JobSpec
  #user: ServiceUser | null
  #watch: FolderWatch
  #cgroups: Cgroups
  #refusals = new Refusals()
  #launchedAt = new Map<number, number>()

  constructor(job: JobFolder, spec: JobSpec, user: ServiceUser | null, watch: FolderWatch, cgroups: Cgroups) {
    this.#job = job
    this.#spec = spec
    this.#user = user
    this.#watch = watch
    this.#cgroups = cgroups
  }

  /**
   * Every turn looks at the folder afresh and takes one step, so that it can be left and taken up anywhere.
   * `check` throws when the caller wants no more of it.
   */
  async untilEnded(check: () => Promise<void>): Promise<Ending> {
    for (;;) {
      await check()
      const verdict = await this.#job.verdict()
      if (verdict) {
        await endProcesses(this.#job, graceOf[verdict])
        return { by: 'verdict', verdict }
      }
      const state = await this.#job.latest()
      if (!state) throw new JobCanceled(`${this.#spec.id} was discarded`)
      if (state.exit !== undefined && this.#counts(state)) return { by: 'itself', ending: state.exit, state }
      else await this.#step(state)
    }
  }

  /**
   * Of a boot that is over the exit status may have reached the disk and what the command wrote may not. Whoever got
   * the result before knows that both did (see `run`); anybody else has it done again where that is allowed.
   */
  #counts({ attempt }: AttemptState): boolean {
    return attempt.boot === bootId() || !this.#spec.repeatable
  }

  async #step(state: AttemptState): Promise<void> {
    const { attempt, claim } = state
    const sameBoot = attempt.boot === bootId()
    if (claim.kind === 'open' && sameBoot) return this.#bringUp(state)
    if (claim.kind !== 'taken' || !isAlive(claim.by)) return this.#vanished(state)
    const left = this.#spec.timeoutMs - ageOf(claim.by)
    const refusals = cgroupOf(attempt)?.refusals() ?? 0
    if (left <= 0) await this.#job.decide('timedOut')
    else if (this.#refusals.endless(refusals)) await this.#job.decide('processes')
    else await this.#watch.wait(Math.min(left, 500))
  }

  async #bringUp({ attempt }: AttemptState): Promise<void> {
    const since = this.#launchedAt.get(attempt.number)
    if (since !== undefined && performance.now() - since < claimLimitMs) return this.#watch.wait(50)
    // A wrapper that finds no room for its claim ends without a word.
    if (since !== undefined) await assertRoom(this.#job.directory)
    const { command, directory, environment, id, limits = defaultLimits, repeatable } = this.#spec
    this.#launchedAt.set(attempt.number, performance.now())
    await launch({
      script: new URL('wrapper.sh', import.meta.url),
      arguments: [this.#job.directory, `${attempt.number}${repeatable ? ':again' : ''}`],
      command,
      directory,
      environment: { ...environment, SLUICE_JOB: id },
      user: this.#user,
      limits,
      cgroup: cgroupOf(attempt),
      mark: attempt.mark,
      output: this.#job.output,
    })
    this.launched = true
  }

  /** The wrapper is gone. What it wrote before is in the folder by now, so look again before drawing conclusions. */
  async #vanished(state: AttemptState): Promise<void> {
    const { number } = state.attempt
    if (this.#counts(state) && (await this.#job.exitOf(number)) !== undefined) return
    if (this.#spec.repeatable && number < mostAttempts) {
      await terminate(familyOf(state), graceMs)
      await cgroupOf(state.attempt)?.remove()
      await this.#job.note(
        `the command vanished without a result; attempt ${number + 1} starts from the beginning`,
      )
      return this.#job.prepare(number + 1, this.#spec, cgroupFor(this.#cgroups, this.#spec.id, number + 1))
    }
    // Its processes may outlive the wrapper. A migration under way is not killed: it ends, or its time does.
    if (membersOf(familyOf(state)).length === 0) return this.#job.decide('unknown')
    const started = state.claim.kind === 'taken' ? ageOf(state.claim.by) : 0
    if (started >= this.#spec.timeoutMs) return this.#job.decide('timedOut')
    await this.#watch.wait(500)
  }

  async result(ending: Ending): Promise<JobResult> {
    const tail = await tailOf(this.#job.output, defaults.failureTail)
    if (ending.by === 'itself') {
      const { status, limit } = ending.ending
      return this.#exited(status, limit, tail)
    }
    if (ending.verdict === 'canceled') throw new JobCanceled(`${this.#spec.id} was canceled`)
    if (ending.verdict === 'processes') return this.#exited(killed, 'processes', tail)
    return { outcome: ending.verdict, tail }
  }

  #exited(exitCode: number, limit: LimitName | null, tail: string): JobResult {
    return { outcome: 'exited', exitCode, signal: signalOf(exitCode), tail, attached: !this.launched, limit }
  }
}

/** Ends whatever runs of the job, and whatever is about to. */
export async function endProcesses(job: JobFolder, grace: number): Promise<void> {
  const state = await job.latest()
  if (!state) return
  const file = job.claimFile(state.attempt.number)
  // Without room for that the signals still reach a shell that is about to claim it.
  if ((await readClaim(file)).kind === 'open') await revokeClaim(file).catch(ignoreNoSpace)
  await terminate(familyOf({ ...state, claim: await readClaim(file) }), grace)
  await cgroupOf(state.attempt)?.remove()
}

/**
 * Ends what a finished command left in the background. The wrapper is still making its result durable, which takes
 * a process of its own; it is spared with its helpers, and the caller makes the result durable itself.
 */
export async function sweepLeftovers({ attempt, claim }: AttemptState): Promise<void> {
  const cgroup = cgroupOf(attempt)
  if (claim.kind === 'taken') {
    // The command itself has ended, so what the wrapper has for children now are its own helpers.
    const wrapper = { pid: claim.by.pid, withChildren: true }
    await sweep(familyOf({ attempt, claim }), wrapper, leftoverGraceMs)
  }
  await cgroup?.remove()
}

/** The mark is the attempt's own, and its wrapper, the leader, starts all the rest. */
function familyOf({ attempt, claim }: Pick<AttemptState, 'attempt' | 'claim'>): ProcessFamily {
  const leader = claim.kind === 'taken' ? claim.by : undefined
  return { leader, mark: attempt.mark, eldest: leader, cgroup: cgroupOf(attempt) }
}

/** Each attempt has a cgroup of its own. */
export const cgroupFor = (cgroups: Cgroups, id: string, attempt: number): CgroupFolders | undefined =>
  cgroups.foldersFor('job', `${id}/${attempt}`)

const cgroupOf = ({ cgroup }: Attempt): Cgroup | undefined => cgroup && new Cgroup(cgroup)
