/** What stands in the place of a branch for a deployment from an archive. Free of zod. */

/** The content of an archive, as a commit: `sha256:` and 64 hex digits. */
const archiveCommit = /^sha256:[0-9a-f]{64}$/
const archiveUrl = /^https:\/\//

/** No branch, tag or commit has a colon in it. */
export const isArchiveRef = (refOrCommit: string): boolean =>
  archiveCommit.test(refOrCommit) || archiveUrl.test(refOrCommit)

export const isArchiveUrl = (ref: string): boolean => archiveUrl.test(ref)

/** A commit as people say it. */
export const shortCommit = (commit: string, digits = 7): string =>
  commit.slice(0, archiveCommit.test(commit) ? 'sha256:'.length + digits : digits)

/** The sum that a ref asks for (`https://…#sha256=…`), as a commit. */
export function expectedSum(ref: string): string | undefined {
  const match = /#(?:.*&)?sha256=([0-9a-f]{64})(?:&|$)/.exec(ref)
  return match ? `sha256:${match[1]}` : undefined
}
