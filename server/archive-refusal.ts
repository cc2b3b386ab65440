import type { ArchiveError, ArchiveFault } from '../ports/archives.ts'
import { Refusal } from './refusal.ts'

const answers = {
  malformed: { status: 400, code: 'ArchiveMalformed' },
  rejected: { status: 422, code: 'ArchiveRejected' },
  tooLarge: { status: 413, code: 'ArchiveTooLarge' },
} as const satisfies Record<ArchiveFault, { status: 400 | 413 | 422; code: string }>

/** Nothing of the archive is kept when this is answered. */
export function archiveRefusal({ fault, message }: ArchiveError): Refusal {
  const { status, code } = answers[fault]
  return new Refusal(status, code, message)
}
