import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { signInLinkLifetime, signInLinkSchema, type SignInLink } from '../../contract/sign-in-link.ts'
import type { MadeToken } from '../../contract/token.ts'
import { hashOfToken } from '../../server/callers.ts'
import { redeemSignInLink } from '../../server/sign-in-links.ts'
import { startApi, token, type Api } from './api.ts'

let api: Api
let redeem: (code: string) => Promise<string | undefined>
beforeAll(async () => {
  api = await startApi()
  redeem = redeemSignInLink(api.deps)
}, 60_000)
afterAll(() => api.stop())

async function makeLink(headers: Record<string, string> = {}): Promise<SignInLink & { code: string }> {
  const { status, body } = await api.call<SignInLink>('POST', '/v1/sign-in-links', undefined, headers)
  expect(status).toBe(201)
  const link = signInLinkSchema.parse(body)
  return { ...link, code: new URL(link.url).hash.slice(1) }
}

describe('a link that signs in', () => {
  it('stands for the token of whoever asked for it, once', async () => {
    const { url, code, expiresAt } = await makeLink()
    expect(url).toBe(`http://127.0.0.1:7700/sign-in#${code}`)
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(signInLinkLifetime)
    const both = await Promise.all([redeem(code), redeem(code)])
    expect(both.filter((one) => one === token)).toHaveLength(1)
    expect(await redeem(code)).toBeUndefined()
  })

  it('gives a viewer no more than a viewer has', async () => {
    const made = await api.call<MadeToken>('POST', '/v1/tokens', { name: 'eyes', role: 'viewer' })
    const { code } = await makeLink({ authorization: `Bearer ${made.body.token}` })
    expect(await redeem(code)).toBe(made.body.token)
  })

  it('is worth nothing after a minute', async () => {
    const { code } = await makeLink()
    const later = redeemSignInLink({
      ...api.deps,
      now: () => new Date(Date.now() + signInLinkLifetime),
    })
    expect(await later(code)).toBeUndefined()
  })

  it('is in no log, and in the store only as a hash beside a sealed token', async () => {
    const { code } = await makeLink()
    expect(api.logged.join('')).not.toContain(code)
    const taken = (await api.store.signInLinks.take(hashOfToken(code)))!
    expect(taken.sealedToken).not.toContain(token)
    await expect(async () =>
      api.deps.secrets.open(taken.sealedToken, 'sign-in-link/another'),
    ).rejects.toThrow()
  })

  it.each(['', 'sli_', token, `sli_${'a'.repeat(44)}`, `sli_${'é'.repeat(43)}`])(
    'is not looked for when it cannot be one: %s',
    async (code) => {
      const take = vi.spyOn(api.store.signInLinks, 'take')
      expect(await redeem(code)).toBeUndefined()
      expect(take).not.toHaveBeenCalled()
      take.mockRestore()
    },
  )

  it('is made for nobody without a token', async () => {
    await api.refused(401, 'Unauthorized', 'POST', '/v1/sign-in-links', undefined, { authorization: '' })
  })
})
