import { unlinkSync } from 'node:fs'
import path from 'node:path'

const folder = process.env['SLUICE_CRASH_POINTS']

/**
 * Kills this process with SIGKILL, once, when a test has put a file `<service>@<name>` into SLUICE_CRASH_POINTS:
 * a crash between two lines can be tried only there. Without that variable it does nothing.
 */
export function crashPoint(name: string, { serviceId }: { serviceId: string }): void {
  if (folder === undefined) return
  try {
    unlinkSync(path.join(folder, `${serviceId}@${name}`))
  } catch {
    return
  }
  process.kill(process.pid, 'SIGKILL')
}
