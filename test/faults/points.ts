import { mkdirSync, readdirSync, rmSync, writeFileSync, existsSync } from 'node:fs'
import path from 'node:path'
import { until } from '../e2e/service.ts'

/** Places in every step of a deployment, before and after its effects, in their order. */
export const stepPoints = [
  ...['before preflight', 'after preflight'],
  ...['before fetch', 'planned', 'exported', 'after fetch'],
  ...['before install', 'after install'],
  ...['before build', 'after build'],
  ...['before validate', 'booted', 'after validate'],
  ...['before migrate', 'after migrate'],
  ...['before reload', 'hook ran', 'after reload'],
  ...['before switch', 'noted', 'routed', 'pointed', 'after switch'],
  ...['before cleanup', 'chosen', 'drained', 'after cleanup'],
]

/** The same of the undos of a deployment whose switch failed, in the order in which they run. */
export const undoPoints = [
  ...['before restore', 'route restored', 'pointer restored', 'after restore'],
  ...['before stop', 'after stop'],
  ...['before discard', 'jobs discarded', 'release discarded', 'after discard'],
]

/** A few of each kind, for a run that must be short. */
export const fewStepPoints = [
  ...['exported', 'after build', 'booted', 'after migrate', 'hook ran'],
  ...['noted', 'routed', 'pointed', 'drained', 'after cleanup'],
]

export const fewUndoPoints = [
  'route restored',
  'after restore',
  'before stop',
  'jobs discarded',
  'release discarded',
]

/** SLUICE_FAULTS=all runs everything; otherwise a subset that takes few minutes. */
export const isThorough = process.env['SLUICE_FAULTS'] === 'all'

/** The folder of SLUICE_CRASH_POINTS: see activities/crash-point.ts. */
export function crashPoints(root: string) {
  const folder = path.join(root, 'crash-points')
  mkdirSync(folder, { recursive: true })
  const file = (service: string, point: string) => path.join(folder, `${service}@${point}`)
  return {
    folder,
    /** The agent that comes there kills itself. */
    arm: (service: string, point: string) => writeFileSync(file(service, point), 'kill'),
    /** The first attempt that comes there waits. */
    hold: (service: string, point: string) => writeFileSync(file(service, point), 'hold'),
    reached: (service: string, point: string) => until(() => existsSync(`${file(service, point)}.reached`)),
    /** Lets go on who waits there. */
    release: (service: string, point: string) => rmSync(file(service, point), { force: true }),
    /** Who waited there has gone on. */
    left: (service: string, point: string) => until(() => !existsSync(`${file(service, point)}.reached`)),
    /** Forgets those who were killed while they waited. */
    clear() {
      for (const name of readdirSync(folder)) rmSync(path.join(folder, name), { force: true })
    },
    /** Armed points that nobody came to. */
    unmet: () => readdirSync(folder),
  }
}
