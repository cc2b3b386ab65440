import type { Settings } from '../../contract/settings.ts'
import { bindError, type WantedPort } from '../port-check.ts'
import { portHolder } from '../port-holder.ts'
import { liveRecords } from '../run-record.ts'
import { parentOf } from '../identity.ts'
import { wantedPorts } from '../up-ports.ts'
import { missing, ok, type Check } from './check.ts'

/** Whether each port is free, or held by what runs for this home. */
export async function checkPorts(settings: Settings): Promise<Check[]> {
  const { api, router, temporal, temporalUi, postgres } = wantedPorts(settings)
  const wanted = [
    api,
    router,
    ...(settings.temporalAddress ? [] : [temporal, temporalUi]),
    ...(settings.databaseUrl ? [] : [postgres]),
  ]
  const own = new Set(liveRecords(settings.home).map(({ pid }) => pid))
  return await Promise.all(wanted.map((port) => checkPort(port, own)))
}

async function checkPort({ port, address, purpose, setting }: WantedPort, own: Set<number>): Promise<Check> {
  const name = `Port ${port}`
  const error = await bindError(port, address)
  if (!error) return ok(name, `free, for ${purpose}`)
  const holder = portHolder(port)
  if (holder && (own.has(holder.pid) || own.has(parentOf(holder.pid) ?? 0)))
    return ok(name, `in use by ${purpose}`)
  const who = holder ? ` by ${holder.command} (pid ${holder.pid})` : ''
  return missing(name, `for ${purpose}, is in use${who}`, `End that, or set ${setting}.`)
}
