import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { homePaths } from '../contract/settings.ts'
import { isAlive, type ProcessIdentity } from './identity.ts'

/** What runs for a home: `run/<part>.json`. How a later `up` or `down` finds the processes of an earlier one. */
export interface RunRecord extends ProcessIdentity {
  part: string
  /** What it was started with; when that should be different, it has to be started anew. */
  startedWith?: string
  /** Of Sluice, whose code it runs. */
  version?: string
}

const fileOf = (home: string, part: string) => path.join(homePaths(home).run, `${part}.json`)

export function writeRecord(home: string, record: RunRecord): void {
  mkdirSync(homePaths(home).run, { recursive: true })
  const file = fileOf(home, record.part)
  const temporary = `${file}.${process.pid}.tmp`
  writeFileSync(temporary, `${JSON.stringify(record)}\n`)
  renameSync(temporary, file)
}

/** undefined when nothing is recorded, or the file cannot be read as a record. */
export const readRecord = (home: string, part: string): RunRecord | undefined =>
  parseRecord(fileOf(home, part))

export function parseRecord(file: string): RunRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as RunRecord
    return Number.isInteger(record.pid) && record.pid > 1 && typeof record.started === 'string'
      ? record
      : undefined
  } catch {
    return undefined
  }
}

/** The record, when its process still runs. */
export function readLiveRecord(home: string, part: string): RunRecord | undefined {
  const record = readRecord(home, part)
  return record && isAlive(record) ? record : undefined
}

/** Removes the record, but not one that another process has written meanwhile. */
export function removeRecord(home: string, part: string, identity?: ProcessIdentity): void {
  const current = readRecord(home, part)
  if (identity && current && (current.pid !== identity.pid || current.started !== identity.started)) return
  rmSync(fileOf(home, part), { force: true })
}

/** Every process of the home that still runs. */
export function liveRecords(home: string): RunRecord[] {
  let names: string[]
  try {
    names = readdirSync(homePaths(home).run)
  } catch {
    return []
  }
  return names
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => readLiveRecord(home, name.slice(0, -'.json'.length)) ?? [])
}
