import type { Settings } from '../contract/settings.ts'
import type { SignInLink } from '../contract/sign-in-link.ts'
import { ownApi } from './own-api.ts'

/** How somebody at the terminal gets into the dashboard. Never a reason for `up` to fail. */
export async function signInLine(settings: Settings, end: AbortSignal): Promise<string> {
  const later = '`sluice open` makes a link that signs you in.'
  try {
    const { url } = await ownApi(settings, end)<SignInLink>('POST', '/v1/sign-in-links')
    return `  Sign in within a minute: ${url}\n  Later, ${later}\n`
  } catch {
    return `  To sign in, ${later}\n`
  }
}
