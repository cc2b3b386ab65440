/** One thing in an archive, as the archive has it: nothing of this was checked. */
export interface ArchiveEntry {
  path: string
  kind: 'file' | 'directory' | 'link' | 'hardLink' | 'other'
  /** For `other`: what it is, for people. */
  what?: string
  mode: number
  /** Where a link leads. */
  target?: string
}

/** An archive, read from its start to its end: an entry, then its content in pieces. */
export type ArchivePart = { entry: ArchiveEntry } | { chunk: Buffer }

/** Control characters visible, and short enough for a sentence. */
export function shownPath(path: string): string {
  const text = JSON.stringify(path)
    .slice(1, -1)
    // JSON leaves these as they are; a terminal does not.
    .replaceAll(/[\u007f-\u009f]/g, (one) => String.raw`\u00` + one.charCodeAt(0).toString(16))
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
