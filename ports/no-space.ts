/** No room on a disk, for bytes or for files, whoever says it: the kernel, a quota, or PostgreSQL (53100). */
export function isNoSpace(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && codes.has(String(error.code))
}

const codes = new Set(['ENOSPC', 'EDQUOT', '53100'])

export const noSpace = (message: string): NodeJS.ErrnoException =>
  Object.assign(new Error(message), { code: 'ENOSPC' })

/** For what is only noted on the way to giving room back: that must not fail for want of room. */
export function ignoreNoSpace(error: unknown): void {
  if (!isNoSpace(error)) throw error
}
