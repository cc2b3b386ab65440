import type { Kysely } from 'kysely'
import type { SignInLinkStore } from '../../../ports/sign-in-link-store.ts'
import type { Tables } from './tables.ts'

export const signInLinkStore = (db: Kysely<Tables>): SignInLinkStore => ({
  async keep({ hash, sealedToken, expiresAt }, now) {
    await db.deleteFrom('sign_in_links').where('expires_at', '<=', now).execute()
    await db
      .insertInto('sign_in_links')
      .values({ hash, sealed_token: sealedToken, expires_at: expiresAt })
      .execute()
  },
  async take(hash) {
    // One statement: of two who come at once, one gets it.
    const row = await db
      .deleteFrom('sign_in_links')
      .where('hash', '=', hash)
      .returning(['sealed_token', 'expires_at'])
      .executeTakeFirst()
    return row && { sealedToken: row.sealed_token, expiresAt: row.expires_at }
  },
})
