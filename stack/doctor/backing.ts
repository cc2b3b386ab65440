import { homePaths, type Settings } from '../../contract/settings.ts'
import { findPostgres } from '../find-postgres.ts'
import { probePostgres } from '../postgres-probe.ts'
import { localUrl, postgresRuns } from '../postgres.ts'
import type { StackError } from '../stack-error.ts'
import { installedTemporal, versionOf } from '../temporal-binary.ts'
import { requireTemporal } from '../temporal-namespace.ts'
import { listens, temporalRuns } from '../temporal.ts'
import { unprivilegedUser } from '../unprivileged-user.ts'
import { advice, missing, ok, type Check } from './check.ts'

/** PostgreSQL and Temporal: those that are set, or the programs that Sluice starts itself. */
export const checkBacking = (settings: Settings): Promise<Check[]> =>
  Promise.all([checkPostgres(settings), checkTemporal(settings)])

async function checkPostgres(settings: Settings): Promise<Check> {
  const name = 'PostgreSQL'
  const url = settings.databaseUrl ?? (postgresRuns(settings.home) ? localUrl(settings) : undefined)
  if (url !== undefined) {
    try {
      await probePostgres(url, 5000)
      return ok(
        name,
        settings.databaseUrl ? 'DATABASE_URL answers' : `answers on port ${settings.postgresPort}`,
      )
    } catch (error) {
      return missing(
        name,
        `does not answer: ${(error as Error).message}`,
        'Start it, or correct DATABASE_URL.',
      )
    }
  }
  try {
    const { major, origin, folder } = findPostgres(settings, unprivilegedUser())
    return ok(name, `${major}, ${origin === 'embedded' ? 'from npm' : folder}; not running`)
  } catch (error) {
    return missing(name, (error as StackError).message, (error as StackError).next)
  }
}

async function checkTemporal(settings: Settings): Promise<Check> {
  const name = 'Temporal'
  if (settings.temporalAddress) {
    try {
      await requireTemporal(settings.temporalAddress)
      return ok(name, `${settings.temporalAddress} answers`)
    } catch (error) {
      return missing(name, (error as StackError).message, (error as StackError).next)
    }
  }
  const binary = await installedTemporal({ toolsDirectory: homePaths(settings.home).tools })
  if (!binary) return advice(name, 'not on this machine', 'Nothing is to be done: `sluice up` fetches it.')
  if (!temporalRuns(settings.home)) return ok(name, `${await versionOf(binary)} (${binary}); not running`)
  if (await listens(settings.temporalPort)) return ok(name, `answers on port ${settings.temporalPort}`)
  return missing(
    name,
    'runs but does not answer',
    'See logs/temporal.log in the home; restart with `sluice down` and `up`.',
  )
}
