import { describe, expect, it } from 'vitest'
import { parseRepositoryUrl, RepositoryUrlError } from '../../server/repository-url.ts'

const parsed = (url: string, privateHosts: string[] = []) => parseRepositoryUrl(url, privateHosts)

describe('what is accepted', () => {
  it.each([
    ['https://github.com/acme/shop.git', 'https', 'https://github.com/acme/shop.git', 'acme/shop'],
    ['https://GitHub.com/acme/shop', 'https', 'https://github.com/acme/shop', 'acme/shop'],
    [
      'https://gitlab.com/group/sub/shop.git/',
      'https',
      'https://gitlab.com/group/sub/shop.git/',
      'group/sub/shop',
    ],
    ['https://git.example.com:8443/shop.git', 'https', 'https://git.example.com:8443/shop.git', null],
    ['ssh://git@github.com/acme/shop.git', 'ssh', 'ssh://git@github.com/acme/shop.git', 'acme/shop'],
    ['ssh://git@example.com:2222/acme/shop', 'ssh', 'ssh://git@example.com:2222/acme/shop', 'acme/shop'],
    ['ssh://git@example.com:443/acme/shop', 'ssh', 'ssh://git@example.com:443/acme/shop', 'acme/shop'],
    ['git@github.com:acme/shop.git', 'ssh', 'git@github.com:acme/shop.git', 'acme/shop'],
    ['/srv/repositories/shop', 'local', '/srv/repositories/shop', null],
    ['/srv/repositories/shop/', 'local', '/srv/repositories/shop', null],
    ['file:///srv/repositories/shop', 'local', '/srv/repositories/shop', null],
    ['file://localhost/srv/my%20shop', 'local', '/srv/my shop', null],
  ])('%s', (url, kind, canonical, repoFullName) => {
    expect(parsed(url)).toEqual({ kind, url: canonical, credentials: null, repoFullName })
  })

  it('takes the password out', () => {
    expect(parsed('https://bot:p%40ss@git.example.com/a/b')).toEqual({
      kind: 'https',
      url: 'https://git.example.com/a/b',
      credentials: { username: 'bot', password: 'p@ss' },
      repoFullName: 'a/b',
    })
    expect(parsed('https://token@git.example.com/a/b').credentials).toEqual({
      username: 'token',
      password: '',
    })
  })

  it('a private host that the operator named', () => {
    for (const allowed of ['10.0.0.5', 'git.internal', '10.0.0.5:8443', 'GIT.INTERNAL']) {
      const host = allowed.toLowerCase()
      expect(parsed(`https://${host}/a/b`, [allowed]).url).toBe(`https://${host}/a/b`)
    }
    expect(() => parsed('https://10.0.0.5:9/a/b', ['10.0.0.5:8443'])).toThrow(RepositoryUrlError)
    expect(parsed('https://10.0.0.5/a/b', ['10.0.0.5:443']).kind).toBe('https')
    expect(parsed('git@10.0.0.5:a/b', ['10.0.0.5:22']).kind).toBe('ssh')
  })
})

describe('what is refused', () => {
  it.each([
    '--upload-pack=touch /tmp/P;',
    '-u./x',
    'ext::sh -c touch% /tmp/P',
    'ext::sh',
    'fd::17',
    'http://github.com/a/b',
    'git://github.com/a/b',
    'ftp://github.com/a/b',
    'javascript://x/a',
    '../x',
    'x',
    './x',
    '~/x',
    '/srv/../etc',
    'file:///srv/../../etc',
    'file:///srv/%2e%2e/etc',
    'file://other/srv/x',
    'file:///srv/%00x',
    'ssh://-oProxyCommand=x/y',
    'ssh://-oProxyCommand=x@h.com/y',
    'ssh://git@-oProxyCommand=x/y',
    'ssh://%2doProxyCommand=x/y',
    'ssh://git:pw@example.com/a/b',
    'ssh://git@example.com/a;b',
    'ssh://git@example.com/-x',
    'git@example.com:-x',
    'git@-oProxyCommand=x:y',
    '-x@example.com:a/b',
    'git@example.com:a;touch /tmp/P',
    'git@example.com:a$(id)',
    'example.com:a/b',
    'https://example.com',
    'https://example.com/',
    'https:///example.com/a',
    'https://exa mple.com/a/b',
    'https://example.com/a\nb',
    'https://example.com/a%0ab',
    'https://example.com/a%00b',
    'https://example.com/a\\b',
    'https://example.com/a/%2e%2e%2fb',
    'https://example.com/a?x=1',
    'https://example.com/a#x',
    'https://example.com/-x/a',
    'https://u%0d%0aX:y@example.com/a/b',
    'https://u%3av:y@example.com/a/b',
    'https://***@example.com/a/b',
    'https://-x.com/a/b',
    'https://example.com/%zz/a',
    '\u0000',
    ' https://example.com/a/b',
  ])('%j', (url) => {
    expect(() => parsed(url)).toThrow(RepositoryUrlError)
  })

  it.each([
    'localhost',
    'localhost.',
    'sub.localhost',
    '127.0.0.1',
    '127.1',
    '0x7f000001',
    '0177.0.0.1',
    '2130706433',
    '0.0.0.0',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:a9fe:a9fe]',
    '169.254.169.254',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '[fd00::1]',
    '[fe80::1]',
    '224.0.0.1',
    'forge',
    'forge.local',
    'metadata.google.internal',
  ])('the private host %s', (host) => {
    for (const url of [`https://${host}/a/b`, `ssh://git@${host}/a/b`])
      expect(() => parsed(url)).toThrow(RepositoryUrlError)
    if (!host.startsWith('[')) expect(() => parsed(`git@${host}:a/b`)).toThrow(RepositoryUrlError)
  })

  it('without repeating the password', () => {
    for (const url of [
      'https://u:hunter2@localhost/a/b',
      'http://u:hunter2@example.com/a',
      'https://u:hunter2@example.com/a?x',
    ]) {
      expect(() => parsed(url)).toThrow(/^(?!.*hunter2)/)
    }
  })
})
