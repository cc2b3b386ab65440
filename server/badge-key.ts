import { badgeContext } from '../contract/names.ts'
import type { Secrets } from '../ports/secrets.ts'
import type { EnvironmentRow } from '../ports/store.ts'

type Named = Pick<EnvironmentRow, 'serviceId' | 'environment' | 'createdAt'>

/**
 * What stands in the address of a badge. A README shows a badge with an image, which can send no token, and who can
 * guess names should not learn what is deployed here: so the address itself is what lets in, and it lets see nothing
 * but that badge. With the environment it ends; one that is made later under its name has another.
 */
export const badgeKey = (secrets: Pick<Secrets, 'seal'>, row: Named): string =>
  Buffer.from(secrets.seal(textOf(row), badgeContext)).toString('base64url')

/** Undefined when it was never given out. */
export function environmentOfKey(
  secrets: Pick<Secrets, 'open'>,
  key: string,
): { serviceId: string; environment: string; isOf: (row: Named) => boolean } | undefined {
  try {
    const text = secrets.open(Buffer.from(key, 'base64url').toString('utf8'), badgeContext)
    const [serviceId = '', environment = ''] = text.split(' ')
    return { serviceId, environment, isOf: (row) => textOf(row) === text }
  } catch {
    return undefined
  }
}

const textOf = ({ serviceId, environment, createdAt }: Named) =>
  `${serviceId} ${environment} ${createdAt.toISOString()}`
