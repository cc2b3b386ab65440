import { setTimeout as wait } from 'node:timers/promises'
import { Context } from '@temporalio/activity'
import type { Plan } from '../contract/plan.ts'
import type { DeployInput, ReleaseRef, StepReport } from '../contract/workflows.ts'
import type { Ports } from '../ports/index.ts'
import { instanceId } from './candidate.ts'
import { crashPoint } from './crash-point.ts'
import { exitMessage, hasExited, healthOf, maskedTail } from './health.ts'
import { releaseContext } from './release-context.ts'
import { restore } from './restore-traffic.ts'
import { asStep } from './step.ts'
import { hostsOf } from './switch-traffic.ts'
import { expected } from './typed-failure.ts'
import { deadWorker, endOlderWorkers } from './workers.ts'

/** Milliseconds between two looks at the processes, and between two requests to the health path. */
const lookEvery = 200
const askEvery = 1000

/** A single slow answer is no illness (Dokku, Kubernetes: three in a row). */
const toleratedFailures = 3

/** Written before anything is taken back, so that a later attempt comes to the same end. */
const deathStamp = (number: number) => `died-${number}`

type WatchPorts = Pick<Ports, 'router' | 'runtime' | 'releases' | 'store' | 'secrets'>

/**
 * The second half of the switch: the new release under real traffic, the old one still warm. If the new one dies or
 * falls ill, or one of its workers ends, traffic goes back at once, from here, so that it waits neither for the worker nor for Temporal.
 */
export const watchRelease = (ports: WatchPorts, { soakMs: standard }: { soakMs: number }) =>
  asStep('switch', ports, async (input, signal): Promise<StepReport> => {
    const stamp = deathStamp(input.number)
    const { plan, secretValues } = await releaseContext(ports, input)
    const soakMs = plan.soakMs ?? standard
    let death = await ports.releases.stampOf<{ message: string }>(input, stamp)
    if (!death) {
      // The agent that began it may have died since.
      endOlderWorkers(ports, input, plan.drainMs).catch(() => {})
      const cause = await watch(ports, input, plan, soakLeft(soakMs), signal)
      if (!cause) return { detail: await healthyDetail(ports, input, soakMs) }
      const tail = await maskedTail(ports, cause.id, secretValues)
      death = { message: `${cause.message}\n${tail}`.trim() }
      await crashPoint('died', input)
      await ports.releases.stamp(input, stamp, death)
      await crashPoint('death noted', input)
    }
    await restore(ports, input)
    await crashPoint('traffic restored', input)
    throw expected('DiedAfterSwitch', death.message)
  })

/** Counted from when the watch was asked for, whichever attempt this is. */
function soakLeft(soakMs: number): number {
  const passed = Date.now() - Context.current().info.scheduledTimestampMs
  // The clock may have been set meanwhile.
  return soakMs - Math.min(Math.max(passed, 0), soakMs)
}

/** What went wrong within the time, and with which process; undefined when nothing did. */
async function watch(
  ports: WatchPorts,
  input: DeployInput,
  plan: Plan,
  soakMs: number,
  signal: AbortSignal,
): Promise<{ id: string; message: string } | undefined> {
  const id = instanceId(input)
  const until = performance.now() + soakMs
  let failures = 0
  let askAt = 0
  do {
    await crashPoint('soaking', input)
    const status = await ports.runtime.status(id)
    if (!status || hasExited(status)) return { id, message: exitMessage(status) }
    const dead = await deadWorker(ports.runtime, input, plan)
    if (dead) return dead
    if (performance.now() >= askAt) {
      const health = await conditionOf(ports, input, plan, status.port, signal)
      failures = health === 'ok' ? 0 : failures + 1
      if (failures === toleratedFailures) return { id, message: `${health}, ${failures} times in a row.` }
      askAt = performance.now() + askEvery
    }
    await wait(lookEvery, undefined, { signal })
    // One that has just failed to answer gets the chance to prove itself, or to fail.
  } while (performance.now() < until || failures > 0)
  return undefined
}

async function conditionOf(
  { runtime }: Pick<Ports, 'runtime'>,
  input: ReleaseRef,
  { healthPath }: Plan,
  port: number,
  signal: AbortSignal,
): Promise<string> {
  if (healthPath) {
    const answer = await healthOf(healthPath, port, input, signal)
    return answer === 'ok' ? answer : `GET ${healthPath} ${answer}`
  }
  const { kind } = await runtime.listening(instanceId(input))
  return kind === 'listening' ? 'ok' : `Nothing accepted a connection on PORT ${port}`
}

const healthyDetail = async (ports: WatchPorts, input: DeployInput, soakMs: number): Promise<string> =>
  `live on ${(await hostsOf(ports, input)).join(', ')}, watched for ${soakMs / 1000} s`
