import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect } from 'vitest'
import { readProcesses } from '../../adapters/process/process-table.ts'
import { cgroupsOf } from './contained.ts'
import { serviceUsers, type ServiceUsers } from '../../adapters/process/service-user.ts'

export const asRoot = process.getuid?.() === 0

/** A home of its own. What a test leaves behind is an error of the code under test. */
export interface TestHost {
  home: string
  users: ServiceUsers
  /** A folder for code, owned by the service's user. */
  folder: string
  /** Done at the end of the test, before the check that nothing is left. */
  atEnd(clean: () => Promise<unknown>): void
}

const homes = new Map<string, (() => Promise<unknown>)[]>()

/** Removed after the test, with a check that nothing started in it still runs. */
export async function testHost(isolation: 'auto' | 'none' = 'auto'): Promise<TestHost> {
  const home = await mkdtemp(path.join(os.tmpdir(), 'sluice-test-'))
  await chmod(home, 0o711)
  homes.set(home, [])
  const folder = path.join(home, 'code')
  await mkdir(folder)
  // Any user may write here, so that tests need not know which one it is.
  await chmod(folder, 0o777)
  const users = serviceUsers({ directory: path.join(home, 'users'), isolation })
  return { home, folder, users, atEnd: (clean) => homes.get(home)!.push(clean) }
}

afterEach(async () => {
  for (const [home, cleanups] of homes) {
    homes.delete(home)
    for (const clean of cleanups) await clean()
    await expect.poll(() => survivors(home), { timeout: 3000 }).toEqual([])
    expect(cgroupsOf(home)).toEqual([])
    await rm(home, { recursive: true, force: true })
  }
})

/** Command lines of processes that have to do with a home. */
export function survivors(home: string): string[] {
  return readProcesses()
    .filter(({ ended, pid }) => !ended && pid !== process.pid)
    .filter(({ pid }) => ['cmdline', 'environ'].some((file) => textOf(pid, file).includes(home)))
    .map(({ pid }) => textOf(pid, 'cmdline').replaceAll('\0', ' '))
}

function textOf(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return ''
  }
}

/** Resolves once it holds. @throws Error after 5 s */
export async function until(holds: () => unknown): Promise<void> {
  for (const end = Date.now() + 5000; Date.now() < end; await sleep(20)) if (await holds()) return
  throw new Error(`never happened: ${String(holds)}`)
}
