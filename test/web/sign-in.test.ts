import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addShop, deploy, token } from '../server/api.ts'
import { startDesk, type Desk } from './desk.ts'

let desk: Desk
beforeAll(async () => {
  desk = await startDesk()
  await addShop(desk)
}, 60_000)
afterAll(() => desk.stop())

const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(desk.url + path, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: desk.url, ...headers },
    body: new URLSearchParams(fields),
  })

async function signIn(): Promise<string> {
  const answer = await post('/sign-in', { token })
  expect(answer.status).toBe(303)
  return answer.headers.get('set-cookie')!.split(';')[0]!
}

describe('who may use the dashboard', () => {
  it.each(['https://evil.example.com', 'null', undefined, 'http://127.0.0.1:1'])(
    'takes no form from the origin %s, and does nothing',
    async (origin) => {
      const cookie = await signIn()
      const { id } = await deploy(desk)
      const headers = origin === undefined ? {} : { origin }
      const answer = await fetch(`${desk.url}/deployments/${id}/cancel`, {
        method: 'POST',
        headers: { cookie, ...headers },
      })
      expect(answer.status).toBe(403)
      expect(desk.lanes.canceled).not.toContain(id)
    },
  )

  it('acts by POST only', async () => {
    const cookie = await signIn()
    const { id } = await deploy(desk)
    expect((await fetch(`${desk.url}/deployments/${id}/cancel`, { headers: { cookie } })).status).not.toBe(
      200,
    )
    expect(desk.lanes.canceled).not.toContain(id)
  })

  it('takes no cookie that was changed, and no token in the query', async () => {
    const cookie = await signIn()
    const changed = cookie.slice(0, -12) + (cookie.at(-12) === 'A' ? 'B' : 'A') + cookie.slice(-11)
    for (const bad of [changed, cookie.slice(0, -12), 'sluice_7700=']) {
      const answer = await fetch(`${desk.url}/`, { redirect: 'manual', headers: { cookie: bad } })
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/sign-in'])
    }
    const answer = await fetch(`${desk.url}/?token=${token}`, { redirect: 'manual' })
    expect(answer.status).toBe(303)
    expect(desk.logged.join('')).not.toContain(token)
  })

  it('gives the API no new way in: a cookie is no token there', async () => {
    const cookie = await signIn()
    expect((await fetch(`${desk.url}/v1/services`, { headers: { cookie } })).status).toBe(401)
    expect(
      (await fetch(`${desk.url}/deployments/x.y.1/follow?events=0`, { redirect: 'manual' })).status,
    ).toBe(303)
  })

  it.each(['//evil.example.com', 'https://evil.example.com', String.raw`/\evil.example.com`, '/\t/evil'])(
    'leads nowhere else after signing in: %s',
    async (next) => {
      const answer = await post('/sign-in', { token, next })
      expect(answer.headers.get('location')).toBe('/')
    },
  )

  it('marks the cookie as secure behind TLS', async () => {
    const answer = await post('/sign-in', { token }, { 'x-forwarded-proto': 'https' })
    expect(answer.headers.get('set-cookie')).toMatch(/; HttpOnly; Secure; SameSite=Strict/)
  })

  it('says no to 1,000 guesses, and then still yes to who knows', { timeout: 60_000 }, async () => {
    const statuses = new Set<number>()
    for (let n = 0; n < 1000; n += 50) {
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, at) => post('/sign-in', { token: `slc_guess-${n + at}` })),
      )
      for (const { status } of answers) statuses.add(status)
    }
    expect(statuses).toEqual(new Set([401, 429]))
    expect((await post('/sign-in', { token: 'slc_guess' })).status).toBe(429)
    await signIn()
  })
})
