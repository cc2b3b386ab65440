import { z } from '@hono/zod-openapi'

/** Milliseconds for the way from a terminal to a browser. */
export const signInLinkLifetime = 60_000

export const signInLinkSchema = z
  .object({
    url: z.url().describe('Signs a browser in as whoever asked for it: once, and only until it expires'),
    expiresAt: z.iso.datetime(),
  })
  .openapi('SignInLink')
export type SignInLink = z.infer<typeof signInLinkSchema>
