import { SourceError } from './source.ts'

/** What is known of an archive once all of it was looked at. */
export interface ArchiveFacts {
  /** `sha256:` and the hex digits of its content: what stands for the commit of a deployment. */
  id: string
  /** What it was called, for people. */
  name: string
  /** Bytes of the archive itself. */
  bytes: number
  /** Of what is deployed from it. */
  files: number
}

/** An archive that was received and not kept yet. */
export interface ReceivedArchive {
  id: string
  /**
   * Looks at every entry, and keeps the archive durably when all may be deployed. The same content again is kept once.
   * @throws ArchiveError, SourceError DiskFull
   */
  keep(name: string): Promise<ArchiveFacts>
  /** Removes it unless it is kept. Safe to repeat. */
  discard(): Promise<void>
}

/** Archives that were uploaded or fetched, per service, by their content. */
export interface Archives {
  /**
   * Writes a body to the disk as it comes; nothing of it is left when this throws.
   * @throws ArchiveError tooLarge, SourceError DiskFull
   */
  receive(serviceId: string, body: AsyncIterable<Uint8Array>): Promise<ReceivedArchive>
  /** Removes what is neither named nor recent: what no release and no retry needs. Answers how many went. */
  prune(serviceId: string, needed: readonly string[]): Promise<number>
}

/** Why an archive is not deployed: it cannot be read, it holds something that never is, or it is too much. */
export type ArchiveFault = 'malformed' | 'rejected' | 'tooLarge'

export class ArchiveError extends SourceError {
  override name = 'ArchiveError'
  readonly fault: ArchiveFault
  /** @param message which entry, and why */
  constructor(fault: ArchiveFault, message: string) {
    super('SourceRejected', message)
    this.fault = fault
  }
}
