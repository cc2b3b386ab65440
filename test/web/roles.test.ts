import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AuditEntry } from '../../contract/audit.ts'
import { tokenRoles, type MadeToken, type TokenRole } from '../../contract/token.ts'
import { startTemporalServer, type TemporalServer } from '../temporal-server.ts'
import { startDesk, type Desk } from './desk.ts'
import { furnish } from './furnished.ts'
import { signedIn, type PageForm, type Person } from './person.ts'

let temporal: TemporalServer
let desk: Desk
let pages: string[]
const people = {} as Record<TokenRole, Person>
const ids = {} as Record<TokenRole, string>
/** By what a form asks for: what it sends when nobody fills it in, but for its key. */
const shown = {} as Record<TokenRole, Map<string, PageForm>>

const askedBy = ({ action, about }: PageForm) => JSON.stringify([action, about])

beforeAll(async () => {
  temporal = await startTemporalServer()
  desk = await startDesk(temporal.address)
  ;({ pages } = await furnish(desk))
  for (const role of tokenRoles) {
    const { body } = await desk.call<MadeToken>('POST', '/v1/tokens', { name: `the ${role}`, role })
    ids[role] = body.id
    people[role] = await signedIn(desk, body.token)
  }
  for (const role of tokenRoles) {
    const forms = (await Promise.all(pages.map((page) => people[role].forms(page)))).flat()
    shown[role] = new Map(forms.map((form) => [askedBy(form), form]))
  }
}, 120_000)
afterAll(async () => {
  await desk.stop()
  await temporal.stop()
})

/** What an admin is shown and that role is not. */
const kept = (role: TokenRole) => [...shown.admin].filter(([one]) => !shown[role].has(one))

const done = async (actor: string) =>
  (await desk.call<{ data: AuditEntry[] }>('GET', `/v1/audit?outcome=done&actor=${actor}`)).body.data

describe('what somebody may not do', () => {
  it('is on the pages of an admin in full: every form that the dashboard takes', () => {
    const actions = [...shown.admin.values()].map(({ action }) => action)
    const taken = desk.app.routes.filter(
      ({ method, path }) => method === 'POST' && !/^\/(v1|git|sign-)/.test(path),
    )
    expect(taken.length).toBeGreaterThan(25)
    for (const { path } of taken) {
      const pattern = new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+')}$`)
      expect(
        actions.some((action) => pattern.test(action)),
        path,
      ).toBe(true)
    }
  })

  it('is shown to no viewer, on any page: there is nothing to press', async () => {
    expect([...shown.viewer.keys()]).toEqual([])
    for (const page of pages) {
      const { status, html } = await people.viewer.read(page)
      expect([page, status]).toEqual([page, page === '/audit' ? 403 : 200])
      expect(
        html.match(
          /<button(?! class="quiet">Sign out| class="quiet" aria-pressed| class="step-name"| id="log-)[^>]*>(?!Show|Close)/g,
        ),
        page,
      ).toBeNull()
    }
  })

  it(
    'is refused all the same when it is sent by hand, and leaves no trace',
    { timeout: 60_000 },
    async () => {
      for (const role of ['viewer', 'deployer'] as const) {
        expect(kept(role).length).toBeGreaterThan(10)
        for (const [asked, form] of kept(role)) {
          // Without a line nothing would be asked for.
          const lines = form.fields.some(([name]) => name === 'lines') ? { lines: 'A=b' } : {}
          const { status, html } = await people[role].send(form, lines)
          expect([role, asked, status]).toEqual([role, asked, 403])
          expect(html).toContain('This needs a token with the role')
        }
        expect(await done(ids[role])).toEqual([])
      }
    },
  )

  it('is all that is kept from a deployer: whatever is shown is allowed', { timeout: 60_000 }, async () => {
    expect(shown.deployer.size).toBeGreaterThan(15)
    for (const [asked, form] of shown.deployer) {
      expect(shown.admin.has(asked), asked).toBe(true)
      const { status } = await people.deployer.send(form)
      expect([401, 403, 500], asked).not.toContain(status)
    }
    expect((await done(ids.deployer)).length).toBeGreaterThan(10)
  })

  it('is not even named to a token of one service, where it is beyond that service', async () => {
    const wanted = { name: 'bound', role: 'admin', serviceId: 'shop' }
    const { body } = await desk.call<MadeToken>('POST', '/v1/tokens', wanted)
    const bound = await signedIn(desk, body.token)
    const { html } = await bound.read('/')
    for (const beyond of ['/new', '/hosts']) expect(html).not.toContain(`href="${beyond}"`)
  })
})
