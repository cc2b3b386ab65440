import { detachedJobs } from '../../adapters/jobs/detached/index.ts'
import { hostCgroups } from '../../adapters/process/cgroup/index.ts'
import { serviceUsers } from '../../adapters/process/service-user.ts'
import type { JobSpec } from '../../ports/jobs.ts'

/** An agent that a test can kill: runs the job given as JSON and says so on stdout. */
const { home, spec, isolation } = JSON.parse(process.argv[2]!) as {
  home: string
  spec: JobSpec
  isolation: 'auto' | 'none'
}
const jobs = detachedJobs({
  directory: `${home}/jobs`,
  cgroups: hostCgroups(home),
  users: serviceUsers({ directory: `${home}/users`, isolation }),
})
const output = { from: 0, write: async (chunk: Buffer) => void process.stdout.write(chunk) }
process.stdout.write('agent starts\n')
const result = await jobs.run(spec, { signal: new AbortController().signal, output })
process.stdout.write(JSON.stringify(result))
