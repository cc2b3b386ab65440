import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keyFileSecrets } from '../../adapters/secrets/key-file/index.ts'

let folder: string
let file: string

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'sluice-keys-'))
  file = path.join(folder, 'secrets', 'keys.json')
})
afterEach(() => rm(folder, { recursive: true }))

test('a sealed value opens again, in another process too, and never looks the same twice', async () => {
  const secrets = await keyFileSecrets(file)
  for (const plain of ['', 'pass wörd 🔑', 'x'.repeat(128 * 1024)]) {
    const sealed = secrets.seal(plain, 'shop/production/KEY')
    expect(sealed).toMatch(/^v1:1:[A-Za-z0-9+/=]+$/)
    expect(sealed).not.toBe(secrets.seal(plain, 'shop/production/KEY'))
    expect((await keyFileSecrets(file)).open(sealed, 'shop/production/KEY')).toBe(plain)
  }
})

test('a value does not open for another variable, nor when a single byte was changed', async () => {
  const secrets = await keyFileSecrets(file)
  const sealed = secrets.seal('password', 'shop/production/KEY')
  expect(() => secrets.open(sealed, 'shop/staging/KEY')).toThrow(
    'shop/staging/KEY: the sealed value was changed',
  )
  const bytes = Buffer.from(sealed.slice('v1:1:'.length), 'base64')
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes)
    changed[at]! ^= 1
    expect(() => secrets.open(`v1:1:${changed.toString('base64')}`, 'shop/production/KEY')).toThrow('changed')
  }
  for (const text of ['', 'password', 'v1:1:', 'v1:1:AAAA', 'v2:1:AAAA', `${sealed}\n`]) {
    expect(() => secrets.open(text, 'shop/production/KEY')).toThrow('not a sealed value')
  }
})

test('the key file is readable by its owner only, and nothing else is left behind', async () => {
  await keyFileSecrets(file)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect((await stat(path.dirname(file))).mode & 0o777).toBe(0o700)
  expect(await readdir(path.dirname(file))).toEqual(['keys.json'])
})

test('those that start at once agree on one key', async () => {
  const all = await Promise.all(Array.from({ length: 20 }, () => keyFileSecrets(file)))
  const sealed = all.map((secrets, index) => secrets.seal(String(index), 'context'))
  expect(sealed.map((text) => all[0]!.open(text, 'context'))).toEqual(all.map((_, index) => String(index)))
})

test('after a change of keys old values still open, and running processes open new ones', async () => {
  const before = await keyFileSecrets(file)
  const old = before.seal('old', 'context')
  const ring = JSON.parse(await readFile(file, 'utf8')) as { keys: Record<string, string> }
  const keys = { ...ring.keys, '2': Buffer.alloc(32, 7).toString('base64') }
  await writeFile(file, JSON.stringify({ current: '2', keys }))
  const after = await keyFileSecrets(file)
  const fresh = after.seal('new', 'context')
  expect(fresh).toMatch(/^v1:2:/)
  expect([after.open(old, 'context'), before.open(fresh, 'context')]).toEqual(['old', 'new'])
  await writeFile(file, JSON.stringify({ current: '2', keys: { '2': keys['2'] } }))
  expect(() => after.open(old.replace('v1:1', 'v1:3'), 'context')).toThrow(
    `The key 3 that a value was sealed with is not in ${file}`,
  )
})

test.each(['', '{', 'null', '{"current":"1","keys":{}}', '{"current":"1","keys":{"1":"c2hvcnQ="}}'])(
  'a damaged key file %j is named and never replaced',
  async (text) => {
    await keyFileSecrets(file)
    await writeFile(file, text)
    await expect(keyFileSecrets(file)).rejects.toThrow(`The key file ${file} is damaged`)
    expect(await readFile(file, 'utf8')).toBe(text)
  },
)
