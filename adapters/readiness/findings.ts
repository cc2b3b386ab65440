import type { Finding } from '../../contract/deployment.ts'
import { failureLink, isFailureCode } from '../../contract/failures.ts'

/** What can be missing before a deployment starts, beside the codes of contract/failures.ts. */
export type FindingCode =
  | 'ServiceMissing'
  | 'EnvironmentMissing'
  | 'VariableMissing'
  | 'VariableUnreadable'
  | 'CredentialsUnreadable'
  | 'DiskLow'
  | 'RouterUnreachable'
  | 'DomainTaken'
  | 'RefNotFound'
  | 'RepositoryUnreachable'
  | 'SourceRejected'
  | 'ArchiveGone'
  | 'ArchiveUnreachable'
  | 'DatabaseUnreachable'
  | 'ReleaseGone'
  | 'MigrationUnresolved'
  | 'ToolMissing'

/** `fix` is a command that puts it right. `placed` makes the link lead to the page for it. */
export function finding(code: FindingCode, message: string, fix: string | null): Finding {
  const guide = guideOf(code)
  return { code, message, link: guide, guide, fix }
}

/** The guide "Before a deploy starts" has a section for each code that no deployment fails with later. */
function guideOf(code: FindingCode): string {
  if (isFailureCode(code)) return failureLink(code)
  return `/guides/before-a-deploy#${code.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()}`
}
