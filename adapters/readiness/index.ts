import type { Finding } from '../../contract/deployment.ts'
import type { Readiness } from '../../ports/readiness.ts'
import { backingFindings } from './backing.ts'
import { codeFindings } from './code.ts'
import { unreachableDatabases } from './databases/index.ts'
import { diskFindings } from './disk.ts'
import { finding } from './findings.ts'
import { placed } from './places.ts'
import { migrationFindings } from './migration.ts'
import type { HostReadinessOptions } from './options.ts'
import type { Target } from './target.ts'
import { trafficFindings } from './traffic.ts'

/** Checks from the machine that it runs on. All checks run, so that everything missing is said at once. */
export function hostReadiness(options: HostReadinessOptions): Readiness {
  const { store, home, router } = options
  return {
    async check(target, signal) {
      const [service, environment] = await Promise.all([
        store.services.find(target.serviceId),
        store.environments.find(target.serviceId, target.environment),
      ])
      if (!service) return [placed(target, serviceMissing(target))]
      if (!environment) return [placed(target, environmentMissing(target))]
      const findings = await Promise.all([
        codeFindings(options, target, service, signal),
        backingFindings(options, target, environment, signal),
        migrationFindings(options, target),
        home === undefined ? [] : diskFindings(home, options.leastFree),
        router === undefined ? [] : trafficFindings(router, environment),
      ])
      signal?.throwIfAborted()
      return distinct(findings.flat()).map((one) => placed(target, one))
    },

    databases: unreachableDatabases,
  }
}

/** What the environment requires the code may require as well. */
const distinct = (findings: Finding[]): Finding[] => [
  ...new Map(findings.map((one) => [`${one.code} ${one.message}`, one])).values(),
]

const serviceMissing = ({ serviceId }: Target): Finding =>
  finding(
    'ServiceMissing',
    `There is no service ${serviceId}. Create it first.`,
    `sluice service add ${serviceId} <repository>`,
  )

const environmentMissing = ({ serviceId, environment }: Target): Finding =>
  finding(
    'EnvironmentMissing',
    `${serviceId} has no environment ${environment}. Create it first.`,
    `sluice env set ${serviceId} ${environment} --branch main`,
  )
