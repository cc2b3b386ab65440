import { describe, expect, it } from 'vitest'
import { isPublic } from '../../adapters/source/git/addresses.ts'
import { redact, spoken } from '../../adapters/source/git/failure.ts'
import { follow, outside } from '../../adapters/source/link.ts'

describe('what git says in a message', () => {
  const credentials = { username: 'me', password: 'p@ss w/rd' }

  it('holds the password in none of its forms', () => {
    const basic = Buffer.from('me:p@ss w/rd').toString('base64')
    const text = redact(`x p@ss w/rd y ${encodeURIComponent(credentials.password)} z ${basic}`, credentials)
    expect(text).toBe('x *** y *** z ***')
  })

  it('holds no user part of a url, whosever it is', () => {
    expect(redact('cloning https://u:tok@host/r', null)).toBe('cloning https://***@host/r')
  })

  it('takes a token that stands where the name is expected for the secret', () => {
    expect(redact('no such user tok123', { username: 'tok123', password: '' })).toBe('no such user ***')
  })

  it('cannot steer a terminal and is short', () => {
    const said = spoken(`remote: \u001b]52;c;x\u0007\u009b31m\r\n${'x'.repeat(5000)}`, { credentials: null })
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    expect(said).not.toMatch(/[\0-\x1f\x7f-\x9f]/)
    expect(said.length).toBeLessThanOrEqual(1000)
  })
})

describe('an address is public', () => {
  it.each(['93.184.216.34', '2606:2800:220:1::1'])('%s', (address) => expect(isPublic(address)).toBe(true))
  it.each([
    '127.0.0.1',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '255.255.255.255',
    '224.0.0.1',
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    '::ffff:169.254.169.254',
    '64:ff9b::a00:1',
    '2002:7f00:1::',
    'x',
  ])('not %s', (address) => expect(isPublic(address)).toBe(false))
})

describe('following a link', () => {
  const links = new Map([
    ['up', '.'],
    ['a/b/top', '../..'],
    ['loop', 'loop'],
    ['abs', '/etc'],
  ])
  it.each([
    ['a/b/../c', 'a/c'],
    ['up/up/a', 'a'],
    ['a/b/top/x', 'x'],
    ['up/up/../..', outside],
    ['a/b/top/../x', outside],
    ['abs/passwd', outside],
    ['loop', undefined],
  ])('%s leads to %s', (from, to) => expect(follow(from, links)).toBe(to))
})
