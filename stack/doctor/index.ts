import type { Settings } from '../../contract/settings.ts'
import { checkBacking } from './backing.ts'
import { checkCaches } from './caches.ts'
import type { Check } from './check.ts'
import { checkContainment } from './containment.ts'
import { checkHome } from './home.ts'
import { checkParts } from './parts.ts'
import { checkPorts } from './ports.ts'
import { checkPrograms } from './programs.ts'

export type { Check }

/** Looks at everything that Sluice needs on this machine. Changes nothing. */
export async function examine(settings: Settings): Promise<Check[]> {
  const checks = await Promise.all([
    checkPrograms(),
    checkContainment(),
    checkBacking(settings),
    checkPorts(settings),
    checkParts(settings),
  ])
  return [...checkHome(settings), ...checkCaches(settings), ...checks.flat()]
}
