import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { detachedJobs } from '../../adapters/jobs/detached/index.ts'
import { hostCgroups } from '../../adapters/process/cgroup/index.ts'
import type { JobResult, Jobs, JobSpec } from '../../ports/jobs.ts'
import { testHost, type TestHost } from '../process/host.ts'

export interface Workbench extends TestHost {
  jobs: Jobs
  job(command: string, changes?: Partial<JobSpec>): JobSpec
  /** Runs it to its end; `output` is what it wrote. */
  run(spec: JobSpec, options?: RunOptions): Promise<JobResult & { output: string }>
  /** A process that runs the job and can be killed. */
  agent(spec: JobSpec): ReturnType<typeof spawn>
  /** What the command wrote into a file of its folder; empty when absent. */
  file(name: string): string
}

export interface RunOptions {
  signal?: AbortSignal
  from?: number
  write?: (chunk: Buffer, offset: number) => Promise<void>
}

const never = new AbortController().signal

export async function workbench(isolation: 'auto' | 'none' = 'auto', outputCap?: number): Promise<Workbench> {
  const host = await testHost(isolation)
  const options = {
    directory: path.join(host.home, 'jobs'),
    users: host.users,
    cgroups: hostCgroups(host.home),
  }
  const jobs = detachedJobs(outputCap === undefined ? options : { ...options, outputCap })
  host.atEnd(() => jobs.discard('shop'))
  return {
    ...host,
    jobs,
    job: (command, changes) => ({
      id: 'shop/production/1/build',
      command,
      directory: host.folder,
      environment: { PATH: process.env['PATH']! },
      serviceId: 'shop',
      environmentName: 'production',
      timeoutMs: 60_000,
      repeatable: true,
      ...changes,
    }),
    run: async (spec, { signal = never, from = 0, write } = {}) => {
      const chunks: Buffer[] = []
      const collect = async (chunk: Buffer) => void chunks.push(Buffer.from(chunk))
      const result = await jobs.run(spec, { signal, output: { from, write: write ?? collect } })
      return { ...result, output: Buffer.concat(chunks).toString('latin1') }
    },
    agent: (spec) =>
      spawn(
        process.execPath,
        [
          fileURLToPath(new URL('agent.ts', import.meta.url)),
          JSON.stringify({ home: host.home, spec, isolation }),
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      ),
    file: (name) => {
      try {
        return readFileSync(path.join(host.folder, name), 'utf8')
      } catch {
        return ''
      }
    },
  }
}
