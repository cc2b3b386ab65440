import type { Finding } from '../../contract/deployment.ts'
import { SourceError } from '../../ports/source.ts'
import type { ServiceRow } from '../../ports/store.ts'
import { finding } from './findings.ts'
import type { HostReadinessOptions } from './options.ts'
import { planInTime, programFindings } from './programs.ts'
import { repositoryOf } from '../../ports/repository.ts'
import { isRollback, releaseOf } from './target.ts'
import type { RollbackTarget, Target } from './target.ts'
import { missingFindings } from './variables.ts'

/** Whether there is something to bring up: the commit, or for a rollback the release. */
export async function codeFindings(
  { store, secrets, source, programs }: HostReadinessOptions,
  target: Target,
  service: ServiceRow,
  signal: AbortSignal | undefined,
): Promise<Finding[]> {
  if (isRollback(target)) {
    const kept = (await store.releases.find(releaseOf(target)))?.kept
    return kept ? [] : [releaseGone(target)]
  }
  let repository
  try {
    repository = repositoryOf(secrets, service)
  } catch {
    const message = `The stored password of the repository of ${service.serviceId} cannot be opened. Set the url anew.`
    return [finding('CredentialsUnreadable', message, newUrl(service))]
  }
  try {
    const commit = await source.probe(repository, target.commitSha ?? target.ref, signal)
    if (!programs || commit === undefined) return []
    const plan = await planInTime(programs, target, repository, commit, signal)
    if (!plan) return []
    return [
      ...(await missingFindings(store, target, plan)),
      ...(await programFindings(programs, target, plan)),
    ]
  } catch (error) {
    if (!(error instanceof SourceError) || error.code === 'DiskFull') throw error
    return [finding(error.code, error.message, fixOf(error.code, target, service))]
  }
}

const newUrl = ({ serviceId }: ServiceRow): string => `sluice service set ${serviceId} --repository <url>`

/** The command that is most likely the right one. */
function fixOf(code: SourceError['code'], { serviceId, environment }: Target, service: ServiceRow): string {
  const target = `${serviceId} ${environment}`
  switch (code) {
    case 'RefNotFound':
      return `sluice env set ${target} --branch <branch>`
    case 'ArchiveGone':
    case 'ArchiveUnreachable':
      return `sluice deploy ${target} --archive <file>`
    case 'SourceRejected':
      return `sluice deploy ${target} --ref <commit>`
    default:
      return newUrl(service)
  }
}

const releaseGone = ({ serviceId, environment, releaseNumber }: RollbackTarget): Finding =>
  finding(
    'ReleaseGone',
    `Release ${releaseNumber} of ${serviceId}/${environment} is not kept any more. Deploy its commit instead.`,
    `sluice deploy ${serviceId} ${environment} --ref <commit>`,
  )
