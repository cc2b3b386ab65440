import { readFile, rm, unlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const folder = process.env['SLUICE_CRASH_POINTS']

/** Milliseconds between two looks whether a held point may go on. */
const lookEvery = 20

/**
 * A named place between two effects, for tests: a crash between two lines can be tried only there. When a test has
 * put a file `<service>@<name>` into SLUICE_CRASH_POINTS, this process kills itself with SIGKILL, once; when that
 * file says `hold`, the first to come here writes `<service>@<name>.reached` and waits until the test removes the
 * file, and later attempts pass. Without that variable it does nothing.
 */
export async function crashPoint(name: string, { serviceId }: { serviceId: string }): Promise<void> {
  if (folder === undefined) return
  const file = path.join(folder, `${serviceId}@${name}`)
  const order = await readFile(file, 'utf8').catch(() => undefined)
  if (order === undefined) return
  if (order === 'hold') return hold(file)
  await unlink(file)
  process.kill(process.pid, 'SIGKILL')
}

async function hold(file: string): Promise<void> {
  const reached = `${file}.reached`
  const isFirst = await writeFile(reached, String(process.pid), { flag: 'wx' }).then(
    () => true,
    () => false,
  )
  if (!isFirst) return
  while (await readFile(file).catch(() => undefined)) await sleep(lookEvery)
  await rm(reached, { force: true })
}
