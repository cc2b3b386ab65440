import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Command } from 'commander'
import { afterAll, expect, test } from 'vitest'
import { fillFromLink } from '../../cli/fill-from-link.ts'
import { linkOf, removeLink, writeLink } from '../../cli/link.ts'

const root = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'sluice-link-')))
afterAll(() => rmSync(root, { recursive: true }))

test('a link counts in its folder and below it, and the nearest one wins', () => {
  const [top, below, beside] = ['shop', 'shop/web/src', 'other'].map((name) => path.join(root, name))
  for (const folder of [below!, beside!]) mkdirSync(folder, { recursive: true })
  const file = path.join(root, 'links.json')
  expect(linkOf(top, file)).toBeUndefined()
  writeLink({ service: 'shop', environment: 'production' }, top, file)
  expect(linkOf(below, file)).toEqual({ service: 'shop', environment: 'production', folder: top })
  expect(linkOf(beside, file)).toBeUndefined()
  writeLink({ service: 'web', environment: 'staging' }, below, file)
  expect(linkOf(below, file)).toMatchObject({ service: 'web' })
  removeLink(below!, file)
  expect(linkOf(below, file)).toMatchObject({ service: 'shop' })
  expect(Object.keys(JSON.parse(readFileSync(file, 'utf8')) as object)).toEqual([top])
})

/** What the action of the command is called with. */
function called(usage: string, ...args: string[]): unknown[] | string {
  const seen: unknown[] = []
  const program = new Command('sluice').exitOverride().configureOutput({ writeErr: () => {} })
  program
    .command(usage)
    .option('--ref <ref>')
    .action((...all: unknown[]) => void seen.push(...all.slice(0, -2)))
  fillFromLink(program, { service: 'shop', environment: 'staging' })
  try {
    program.parse([usage.split(' ')[0]!, ...args], { from: 'user' })
    return seen
  } catch (error) {
    return (error as { code: string }).code
  }
}

test('names that are left out are those of the link; whoever names a service names all', () => {
  const deploy = 'deploy <service> [environment]'
  expect(called(deploy)).toEqual(['shop', 'staging'])
  expect(called(deploy, '--ref', 'next')).toEqual(['shop', 'staging'])
  expect(called(deploy, 'blog')).toEqual(['blog', undefined])
  expect(called(deploy, 'blog', 'production')).toEqual(['blog', 'production'])
  expect(called('logs <deployment> [environment]')).toEqual(['shop', 'staging'])
  expect(called('deliveries <service>')).toEqual(['shop'])
  const set = 'set <service> <environment> [variables...]'
  expect(called(set, 'A=1', 'B=2')).toEqual(['shop', 'staging', ['A=1', 'B=2']])
  expect(called(set, 'blog', 'production', 'A=1')).toEqual(['blog', 'production', ['A=1']])
})

test('what the link does not answer is still asked for', () => {
  expect(called('set <service> <environment> [variables...]', 'blog')).toBe('commander.missingArgument')
  expect(called('unset <service> <environment> <names...>')).toBe('commander.missingArgument')
  expect(called('diff <deployment> <other>')).toBe('commander.missingArgument')
  expect(called('status [deployment]')).toEqual([undefined])
})
