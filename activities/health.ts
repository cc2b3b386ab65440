import { request } from 'undici'
import { defaults } from '../contract/defaults.ts'
import { routeHost } from '../contract/names.ts'
import type { ReleaseRef } from '../contract/workflows.ts'
import type { Ports } from '../ports/index.ts'
import type { InstanceStatus } from '../ports/runtime.ts'
import { limitWord } from './limit-met.ts'

/** A release that ended is started again by its shell, but it has ended. */
export const hasExited = (status: InstanceStatus) => status.restarts > 0 || status.state !== 'running'

export function exitMessage(status: InstanceStatus | undefined, who = 'The service'): string {
  const exit = status?.lastExit
  if (!exit) return `${who} is not running any more.`
  return exit.signal
    ? `${who} was killed by ${exit.signal}${limitWord(exit.limit)}.`
    : `${who} exited with status ${exit.code}${limitWord(exit.limit)}.`
}

/** `ok`, or words for what the health path answered instead. Without a path there is nothing to ask. */
export async function healthOf(
  path: string | null,
  port: number,
  input: Pick<ReleaseRef, 'serviceId' | 'environment'>,
  signal: AbortSignal,
): Promise<string> {
  if (!path) return 'ok'
  try {
    const answer = await request(`http://127.0.0.1:${port}${path}`, {
      headers: { host: routeHost(input.serviceId, input.environment), 'user-agent': 'sluice-health' },
      signal: AbortSignal.any([signal, AbortSignal.timeout(defaults.healthTimeout)]),
    })
    await answer.body.dump()
    return answer.statusCode >= 200 && answer.statusCode < 300 ? 'ok' : `answered ${answer.statusCode}`
  } catch (error) {
    signal.throwIfAborted()
    return error instanceof Error && error.name === 'TimeoutError'
      ? 'did not answer within 5 s'
      : 'did not answer'
  }
}

/** The last lines that an instance wrote, without its secrets. */
export async function maskedTail(
  { runtime, secrets }: Pick<Ports, 'runtime' | 'secrets'>,
  id: string,
  secretValues: string[],
): Promise<string> {
  const mask = secrets.mask(secretValues)
  return mask.push(await runtime.tail(id, 8 * 1024)) + mask.flush()
}
