import { existsSync, openSync, readFileSync, renameSync, statSync } from 'node:fs'
import path from 'node:path'
import { homePaths } from '../contract/settings.ts'

/** Bytes after which a log is put aside at the next start; one older file is kept. */
const rotateAt = 10 * 1024 * 1024

export const logFile = (home: string, part: string): string => path.join(homePaths(home).logs, `${part}.log`)

/** A file descriptor to append to; the caller closes it. A file, because a pipe would end with `sluice up`. */
export function openLog(home: string, part: string): number {
  const file = logFile(home, part)
  if (existsSync(file) && statSync(file).size > rotateAt) renameSync(file, `${file}.1`)
  return openSync(file, 'a', 0o600)
}

/** What was written after `from`, at most the last 2,000 characters of it. */
export function logSince(home: string, part: string, from: number): string {
  return readFileSync(logFile(home, part)).subarray(from).toString('utf8').slice(-2000).trim()
}

export const logSize = (home: string, part: string): number =>
  existsSync(logFile(home, part)) ? statSync(logFile(home, part)).size : 0
