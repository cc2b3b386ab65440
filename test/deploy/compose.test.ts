import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

interface ComposeService {
  image?: string
  build?: string
  command?: string[]
  restart?: string
  healthcheck?: { test: string[] }
  volumes?: string[]
  ports?: string[]
  environment?: Record<string, string>
  network_mode?: string
  cap_drop?: string[]
}

const text = readFileSync('docker-compose.yml', 'utf8')
const compose = parse(text, { merge: true }) as { services: Record<string, ComposeService>; volumes: object }
const entries = Object.entries(compose.services)
/** Those that run once, before the others. */
const tasks = new Set(['temporal-database', 'temporal-namespace'])
/** The official image has neither a shell tool nor an endpoint to ask. */
const withoutHealthcheck = new Set([...tasks, 'temporal-ui'])

test('every part of Sluice is a service, beside PostgreSQL and Temporal', () => {
  const own = entries.filter(([, { image }]) => image === 'sluice').map(([name]) => name)
  expect(own.toSorted()).toEqual(['agent', 'host', 'router', 'server', 'worker'])
  expect(Object.keys(compose.services)).toEqual(
    expect.arrayContaining(['postgres', 'temporal', 'temporal-ui']),
  )
})

test('every program that is started exists', () => {
  const files = entries
    .filter(([, { image }]) => image === 'sluice')
    .flatMap(([, { command = [], healthcheck }]) => [...command, ...(healthcheck?.test ?? [])])
    .filter((word) => word.endsWith('.ts'))
  expect(files).not.toEqual([])
  expect(files.filter((file) => !existsSync(file))).toEqual([])
})

test('what runs on is restarted and has a health check', () => {
  for (const [name, service] of entries) {
    expect(service.restart, name).toBe(tasks.has(name) ? 'on-failure:5' : 'unless-stopped')
    if (!withoutHealthcheck.has(name)) expect(service.healthcheck?.test, name).toBeDefined()
  }
})

test('what must survive lies in volumes', () => {
  expect(Object.keys(compose.volumes).toSorted()).toEqual(['home', 'postgres'])
  expect(compose.services['postgres']?.volumes).toContain('postgres:/var/lib/postgresql/data')
  for (const part of ['server', 'worker', 'agent', 'router']) {
    expect(compose.services[part]?.volumes, part).toContain('home:/var/lib/sluice')
  }
})

test('no secret is written down: each has to be set, or nothing starts', () => {
  for (const [name, { environment = {} }] of entries) {
    for (const [variable, value] of Object.entries(environment)) {
      const isSecret = /PASS|PWD|TOKEN|SECRET|KEY/.test(variable) || /:\/\/[^/]*:[^/]*@/.test(value)
      if (isSecret) expect(value, `${name} ${variable}`).toMatch(/\$\{[A-Z_]+:\?.+\}/)
    }
  }
  expect(text).not.toMatch(/password:\s*['"]?[a-z0-9]+['"]?\s*$/im)
})

test('the router gets no secret', () => {
  expect(
    Object.keys(compose.services['router']?.environment ?? {}).filter(
      (name) => !name.startsWith('SLUICE_ROUTER_'),
    ),
  ).toEqual([])
})

test('nothing is published beyond this machine unless asked', () => {
  const published = entries.flatMap(([, { ports = [] }]) => ports)
  expect(
    published.filter((port) => !/^(127\.0\.0\.1:|\$\{SLUICE_PUBLISH:-127\.0\.0\.1:)/.test(port)),
  ).toEqual([])
})

const units = readdirSync('deploy/systemd').filter((name) => name.endsWith('.service'))

test('there is a unit for each part, and its program exists', () => {
  expect(units.toSorted()).toEqual(
    ['agent', 'router', 'server', 'worker'].map((part) => `sluice-${part}.service`),
  )
  for (const unit of units) {
    const [, file] = /^ExecStart=\S+ node (\S+)$/m.exec(
      readFileSync(path.join('deploy/systemd', unit), 'utf8'),
    )!
    expect(existsSync(file!), unit).toBe(true)
  }
})

test("a restart of the agent's unit leaves the deployed services alone", () => {
  expect(readFileSync('deploy/systemd/sluice-agent.service', 'utf8')).toMatch(/^KillMode=process$/m)
})

test.runIf(existsSync('/usr/bin/systemd-analyze'))('systemd finds nothing wrong with the units', () => {
  const files = units.map((unit) => path.join('deploy/systemd', unit))
  const answer = execFileSync(
    '/usr/bin/systemd-analyze',
    ['verify', ...files, 'deploy/systemd/sluice.target'],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  expect(answer).toBe('')
})
