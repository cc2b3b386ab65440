import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { processRuntime, type ProcessRuntimeOptions } from '../../adapters/runtime/process/index.ts'
import { hostCgroups } from '../../adapters/process/cgroup/index.ts'
import type { InstanceSpec, Runtime } from '../../ports/runtime.ts'
import { testHost, type TestHost } from '../process/host.ts'

export interface RuntimeBench extends TestHost {
  runtime: Runtime
  options: ProcessRuntimeOptions
  /** Another agent on the same home. */
  again(): Runtime
  spec(command: string, changes?: Partial<InstanceSpec>): InstanceSpec
}

/** Everything that it started is stopped at the end of the test. */
export async function runtimeBench(
  isolation: 'auto' | 'none' = 'auto',
  ports?: [number, number],
): Promise<RuntimeBench> {
  const host = await testHost(isolation)
  const first = 20_000 + Math.floor(Math.random() * 9_900)
  const options: ProcessRuntimeOptions = {
    directory: path.join(host.home, 'instances'),
    caches: path.join(host.home, 'caches'),
    toolsDirectory: path.join(host.home, 'tools'),
    ports: ports ?? [first, first + 99],
    users: host.users,
    cgroups: hostCgroups(host.home),
    tools: {
      node: process.execPath,
      server: fileURLToPath(new URL('../../adapters/runtime/process/static-server.mjs', import.meta.url)),
    },
  }
  const runtime = processRuntime(options)
  host.atEnd(async () => {
    await Promise.all((await runtime.list()).map(({ id }) => runtime.stop(id, 500)))
  })
  return {
    ...host,
    runtime,
    options,
    again: () => processRuntime(options),
    spec: (command, changes) => ({
      id: 'shop/production/1',
      serviceId: 'shop',
      environmentName: 'production',
      command,
      directory: host.folder,
      environment: {},
      drainMs: 1000,
      ...changes,
    }),
  }
}

/** A service that answers each request with this JavaScript expression. */
export const answering = (expression: string, before = ''): string =>
  `exec "$SLUICE_NODE" -e '${before};require("http").createServer((q,s)=>s.end(String(${expression}))).listen(process.env.PORT,process.env.HOST)'`
