import { expect } from 'vitest'
import type { Desk } from './desk.ts'

/** A form of a page, as a browser without scripts would send it. */
export interface PageForm {
  page: string
  action: string
  /** What is sent when nothing is filled in. */
  fields: [name: string, value: string][]
  /** What it is about: fields that nobody fills in. */
  about: [name: string, value: string][]
}

/** Somebody who is signed in, with a browser that is as simple as can be. */
export interface Person {
  read(path: string): Promise<{ status: number; html: string }>
  /** The forms of a page that change something; signing out is none of them. */
  forms(path: string): Promise<PageForm[]>
  /** The answer to the form; redirects are not followed. */
  send(form: PageForm, fields?: Record<string, string>): Promise<{ status: number; html: string }>
  /** Sends the form of the page with that action, about what the fields name, and expects it to lead on. */
  fill(page: string, action: string, fields?: Record<string, string>): Promise<string>
}

export async function signedIn({ url }: Desk, token: string): Promise<Person> {
  const post = (path: string, body: URLSearchParams, headers: Record<string, string> = {}) =>
    fetch(url + path, { method: 'POST', redirect: 'manual', headers: { origin: url, ...headers }, body })
  const answer = await post('/sign-in', new URLSearchParams({ token }))
  expect(answer.status).toBe(303)
  const cookie = answer.headers.get('set-cookie')!.split(';')[0]!

  const read = async (path: string) => {
    const page = await fetch(url + path, { redirect: 'manual', headers: { cookie } })
    return { status: page.status, html: await page.text() }
  }
  const forms = async (path: string) => formsIn(path, (await read(path)).html)
  const send = async (form: PageForm, fields: Record<string, string> = {}) => {
    const body = new URLSearchParams(form.fields.filter(([name]) => !(name in fields)))
    for (const [name, value] of Object.entries(fields)) body.append(name, value)
    const sent = await post(form.action, body, { cookie, referer: url + form.page })
    return { status: sent.status, html: (await sent.text()) || (sent.headers.get('location') ?? '') }
  }
  return {
    read,
    forms,
    send,
    async fill(page, action, fields = {}) {
      const found = (await forms(page)).find(
        (one) =>
          one.action === action &&
          one.about.every(([name, value]) => !(name in fields) || fields[name] === value),
      )
      expect(found, `${action} on ${page}`).toBeDefined()
      const sent = await send(found!, fields)
      expect([200, 303], sent.html).toContain(sent.status)
      return sent.html
    },
  }
}

const text = (html: string) =>
  html
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')

const attribute = (tag: string, name: string): string | undefined => {
  const found = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1]
  return found === undefined ? undefined : text(found)
}

/** Reads what our own pages write; it is no parser of anybody's HTML. */
function formsIn(page: string, html: string): PageForm[] {
  return [...html.matchAll(/(<form\b[^>]*>)([\s\S]*?)<\/form>/g)].flatMap(([, tag = '', inside = '']) => {
    const action = attribute(tag, 'action')
    if (attribute(tag, 'method') !== 'post' || action === undefined || action === '/sign-out') return []
    const inputs = [...inside.matchAll(/<input\b[^>]*>/g)].map(([input]) => input)
    const selects = [...inside.matchAll(/(<select\b[^>]*>)([\s\S]*?)<\/select>/g)]
    const areas = [...inside.matchAll(/(<textarea\b[^>]*>)([\s\S]*?)<\/textarea>/g)]
    const fields: [string, string][] = [
      ...inputs
        .filter((input) => !/type="checkbox"/.test(input) || /\schecked/.test(input))
        .map((input): [string, string] => [attribute(input, 'name') ?? '', attribute(input, 'value') ?? '']),
      ...selects.map(([, select = '', options = '']): [string, string] => {
        const all = [...options.matchAll(/<option\b[^>]*>/g)].map(([option]) => option)
        const chosen = all.find((option) => /\sselected/.test(option)) ?? all[0] ?? ''
        return [attribute(select, 'name') ?? '', attribute(chosen, 'value') ?? '']
      }),
      ...areas.map(([, area = '', value = '']): [string, string] => [
        attribute(area, 'name') ?? '',
        text(value),
      ]),
    ]
    const about = inputs
      .filter((input) => /type="hidden"/.test(input) && !/data-once/.test(input))
      .map((input): [string, string] => [attribute(input, 'name') ?? '', attribute(input, 'value') ?? ''])
    return [{ page, action, fields, about }]
  })
}
