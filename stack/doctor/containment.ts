import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { advice, ok, type Check } from './check.ts'

const run = promisify(execFile)
const probe = path.join(import.meta.dirname, '../../worker/containment.ts')

type Place =
  | { version: 1; below: Record<string, string> }
  | { version: 2; candidates: string[] }
  | { why: string; fix: string }

/** Whether what a service starts can be limited, and ended as a whole. */
export async function checkContainment(): Promise<Check> {
  const name = 'Containment'
  let place: Place
  try {
    place = JSON.parse((await run(process.execPath, [probe], { timeout: 15_000 })).stdout) as Place
  } catch (error) {
    return advice(name, `cannot be told: ${(error as Error).message}`, 'See whether /proc can be read.')
  }
  if ('why' in place) {
    const without = 'no limits of memory; processes are ended by their group and by a mark that they inherit'
    return advice(name, `${place.why}: ${without}`, place.fix)
  }
  if (place.version === 2) return ok(name, `cgroups of version 2 below ${place.candidates[0]}`)
  const lacking = ['memory', 'pids'].filter((controller) => !place.below[controller])
  if (lacking.length === 0) return ok(name, `cgroups of version 1: ${Object.keys(place.below).join(', ')}`)
  return advice(
    name,
    `cgroups of version 1 without ${lacking.join(' and ')}: no limit of that`,
    `Let Sluice write to its cgroup of ${lacking.join(' and ')}.`,
  )
}
