import { afterAll, beforeAll } from 'vitest'
import { repositoryRoot } from './repository.ts'
import { startSluice, type Sluice, type StartOptions } from './sluice.ts'

/** A Sluice that all tests of the file share, and the folder in which its repositories lie. */
export function useSluice(
  started: (sluice: Sluice) => void,
  options: StartOptions = {},
): ReturnType<typeof repositoryRoot> {
  const root = repositoryRoot()
  let sluice: Sluice | undefined
  beforeAll(async () => {
    sluice = await startSluice({ ...options, env: { SLUICE_SOURCE_ROOTS: root.directory, ...options.env } })
    started(sluice)
  }, 120_000)
  afterAll(async () => {
    await sluice?.stop()
    root.remove()
  }, 60_000)
  return root
}
