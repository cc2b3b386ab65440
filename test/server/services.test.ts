import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  environmentSchema,
  serviceSchema,
  variableSchema,
  type Environment,
  type Service,
} from '../../contract/service.ts'
import { addShop, deploy, end, startApi, succeed, type Api } from './api.ts'

let api: Api
beforeAll(async () => {
  api = await startApi()
}, 60_000)
afterAll(() => api.stop())

const git = (url: string) => ({ kind: 'git', url })

describe('services', () => {
  it('adds one, shows it, lists it', async () => {
    const made = await api.call<Service>('POST', '/v1/services', {
      serviceId: 'first',
      source: git('https://git.example.com/acme/first.git'),
    })
    expect(made.status).toBe(201)
    expect(made.headers.get('location')).toBe('/v1/services/first')
    expect(serviceSchema.parse(made.body)).toMatchObject({
      serviceId: 'first',
      repoFullName: 'acme/first',
      environments: [],
    })
    const read = await api.call('GET', '/v1/services/first')
    expect(read.body).toEqual(made.body)
    const all = await api.call<{ data: Service[] }>('GET', '/v1/services')
    expect(all.body.data).toContainEqual(made.body)
  })

  it('refuses a name that is taken', async () => {
    const wanted = { serviceId: 'twice', source: git('https://git.example.com/acme/twice.git') }
    expect((await api.call('POST', '/v1/services', wanted)).status).toBe(201)
    await api.refused(409, 'ServiceExists', 'POST', '/v1/services', wanted)
  })

  it('never shows or stores a password, and gives it to git', async () => {
    const wanted = {
      serviceId: 'secretive',
      source: git('https://bot:hunter2@git.example.com/acme/secretive'),
    }
    const made = await api.call<Service>('POST', '/v1/services', wanted)
    expect(made.body.source).toEqual({ kind: 'git', url: 'https://***@git.example.com/acme/secretive' })
    const row = await api.store.services.find('secretive')
    expect(JSON.stringify(row)).not.toContain('hunter2')
    expect(row?.sealedCredentials).toMatch(/^v1:/)
    expect(api.logged.join('')).not.toContain('hunter2')
  })

  it('does not take the masked password for a real one', async () => {
    const masked = git('https://***@git.example.com/acme/secretive')
    await api.refused(422, 'ValidationFailed', 'POST', '/v1/services', {
      serviceId: 'masked',
      source: masked,
    })
  })

  it('changes the source and forgets the old password', async () => {
    await api.call('POST', '/v1/services', {
      serviceId: 'moving',
      source: git('https://a:secret1@git.example.com/a/b'),
    })
    const changed = await api.call<Service>('PATCH', '/v1/services/moving', {
      source: git('git@git.example.com:c/d.git'),
    })
    expect(changed.body).toMatchObject({
      source: { url: 'git@git.example.com:c/d.git' },
      repoFullName: 'c/d',
    })
    expect((await api.store.services.find('moving'))?.sealedCredentials).toBeNull()
  })

  it('takes a local repository under an allowed root, by path or file url', async () => {
    mkdirSync(path.join(api.root, 'site'))
    for (const [serviceId, url] of [
      ['local-path', path.join(api.root, 'site')],
      ['local-file', `file://${path.join(api.root, 'site')}`],
    ]) {
      const made = await api.call<Service>('POST', '/v1/services', { serviceId, source: git(url!) })
      expect(made.body).toMatchObject({ source: { url: path.join(api.root, 'site') } })
    }
  })

  it('refuses a local path outside the roots, also by a link or a dotted path', async () => {
    symlinkSync('/etc', path.join(api.root, 'leak'))
    for (const url of [
      '/etc',
      'file:///etc',
      path.join(api.root, 'leak'),
      `${api.root}/../../etc`,
      '/srv/x',
      `${api.root}-x`,
    ]) {
      const answer = await api.refused(422, 'ValidationFailed', 'POST', '/v1/services', {
        serviceId: 'escape',
        source: git(url),
      })
      expect(answer.body.errors?.[0]?.pointer).toBe('/source/url')
    }
    expect(await api.store.services.find('escape')).toBeUndefined()
  })

  it.each(['a;id', '../x', 'A', '-x', 'x-', '', 'a'.repeat(64), 'a\nb', 'é', '1a', 'a.b'])(
    'refuses the name %j and writes nothing',
    async (serviceId) => {
      const wanted = { serviceId, source: git('https://git.example.com/a/b') }
      const answer = await api.refused(422, 'ValidationFailed', 'POST', '/v1/services', wanted)
      expect(answer.body.errors?.[0]?.pointer).toBe('/serviceId')
      expect((await api.store.services.list()).map((one) => one.serviceId)).not.toContain(serviceId)
    },
  )

  it('answers 404 for a name that does not or cannot exist', async () => {
    await api.refused(404, 'ServiceNotFound', 'GET', '/v1/services/nobody')
    await api.refused(404, 'NotFound', 'GET', '/v1/services/..%2f..%2fetc%2fpasswd')
    await api.refused(404, 'NotFound', 'GET', '/v1/services/A')
    await api.refused(404, 'ServiceNotFound', 'DELETE', '/v1/services/nobody')
    await api.refused(404, 'ServiceNotFound', 'PATCH', '/v1/services/nobody', {})
  })
})

describe('environments', () => {
  const path1 = '/v1/services/store/environments/production'
  beforeAll(() => addShop(api, 'store'))

  it('shows variables by name only, and where the environment answers', async () => {
    const put = await api.call<Environment>('PUT', path1, {
      branch: 'main',
      variables: { DATABASE_URL: 'postgres://u:topsecret@db/x', PLAIN: '1' },
      domains: ['store.example.com'],
      config: { drain: '90s', health: { path: '/up' } },
    })
    expect(put.status).toBe(200)
    expect(environmentSchema.parse(put.body)).toMatchObject({
      serviceUrl: 'http://store.localhost:8080/',
      host: 'local',
      live: null,
      domains: ['store.example.com'],
      variables: [
        { name: 'DATABASE_URL', secret: true },
        { name: 'PLAIN', secret: true },
      ],
    })
    expect(put.text).not.toContain('topsecret')
  })

  it('accepts its own answer again, times included', async () => {
    const before = await api.call<Environment>('GET', path1)
    expect(before.body.config).toMatchObject({ drain: 90 })
    const { branch, domains, config } = before.body
    const after = await api.call<Environment>('PUT', path1, { branch, domains, config })
    expect(after.body).toEqual(before.body)
  })

  it('leaves what a change does not name as it is', async () => {
    const after = await api.call<Environment>('PUT', path1, { branch: 'next' })
    expect(after.body).toMatchObject({
      branch: 'next',
      domains: ['store.example.com'],
      config: { drain: 90 },
    })
    expect(after.body.variables).toHaveLength(2)
  })

  it('refuses names that are too long for one label of a host name', async () => {
    const serviceId = 's'.repeat(40)
    const source = git('https://git.example.com/acme/long')
    expect((await api.call('POST', '/v1/services', { serviceId, source })).status).toBe(201)
    const put = (environment: string) => `/v1/services/${serviceId}/environments/${environment}`
    const { body } = await api.refused(422, 'ValidationFailed', 'PUT', put('e'.repeat(23)), {
      branch: 'main',
    })
    expect(body.errors).toMatchObject([
      { pointer: '/path/environment', message: expect.stringContaining('62 characters') },
    ])
    expect((await api.call('PUT', put('e'.repeat(22)), { branch: 'main' })).status).toBe(201)
    expect((await api.call('PUT', put('production'), { branch: 'main' })).status).toBe(201)
  })

  it('refuses a domain of another environment, of another default host, and of Sluice itself', async () => {
    await addShop(api, 'rival', 'staging')
    const rival = '/v1/services/rival/environments/staging'
    await api.refused(409, 'DomainTaken', 'PUT', rival, { branch: 'main', domains: ['store.example.com'] })
    await api.refused(409, 'DomainTaken', 'PUT', rival, { branch: 'main', domains: ['store.localhost'] })
    for (const address of ['127.0.0.1', '192.168.0x7f', '10.0.0.0x']) {
      const { body } = await api.refused(422, 'ValidationFailed', 'PUT', rival, {
        branch: 'main',
        domains: ['fine.example.com', address],
      })
      expect(body.errors).toEqual([
        { pointer: '/domains/1', message: 'must be a host name and not an address' },
      ])
    }
    expect((await api.call<Environment>('GET', rival)).body.domains).toEqual([])
  })

  it('refuses two names that would share one host name', async () => {
    await addShop(api, 'a-b')
    await api.call('POST', '/v1/services', { serviceId: 'a', source: git('https://git.example.com/a/b') })
    await api.refused(409, 'DomainTaken', 'PUT', '/v1/services/a/environments/b', { branch: 'main' })
  })

  it('refuses names that make no host name together', async () => {
    const serviceId = `a${'b'.repeat(39)}`
    await api.call('POST', '/v1/services', { serviceId, source: git('https://git.example.com/a/b') })
    const long = `/v1/services/${serviceId}/environments/${'c'.repeat(40)}`
    await api.refused(422, 'ValidationFailed', 'PUT', long, { branch: 'main' })
  })

  it.each([
    '-x',
    '--exec=id',
    'a$(id)',
    'a`id`',
    'a;b',
    'a|b',
    'refs/heads/-x',
    '@',
    'a b',
    'a..b',
    '',
    'x\u0000',
  ])('refuses the branch %j', async (branch) => {
    const answer = await api.refused(422, 'ValidationFailed', 'PUT', path1, { branch })
    expect(answer.body.errors?.[0]?.pointer).toBe('/branch')
  })

  it.each(['A=B', '', 'a\u0000', '1A', 'PORT', 'SLUICE_X', 'A-B', '__proto__'])(
    'refuses the variable %j',
    async (name) => {
      const body = `{"branch":"main","variables":{${JSON.stringify(name)}:"x"}}`
      const answer = await api.refused(422, 'ValidationFailed', 'PUT', path1, body)
      expect(answer.body.errors?.[0]?.pointer).toBe(`/variables/${name}`)
      expect((await api.call<Environment>('GET', path1)).body.variables).toHaveLength(2)
    },
  )

  it('refuses a value with NUL or of 128 KiB', async () => {
    for (const value of ['a\u0000', 'x'.repeat(128 * 1024)]) {
      const answer = await api.refused(422, 'ValidationFailed', 'PUT', path1, {
        branch: 'main',
        variables: { BIG: value },
      })
      expect(answer.body.errors?.[0]?.pointer).toBe('/variables/BIG')
      await api.refused(422, 'ValidationFailed', 'PUT', `${path1}/variables/BIG`, { value })
    }
  })

  it('keeps variables that change a process for the process of the service alone', async () => {
    const before = { ...process.env }
    const variables = {
      LD_PRELOAD: '/x.so',
      NODE_OPTIONS: '--inspect',
      BASH_ENV: '/x',
      GIT_CONFIG_COUNT: '1',
      PATH: '/evil',
    }
    expect((await api.call('PUT', path1, { branch: 'main', variables })).status).toBe(200)
    expect(process.env).toEqual(before)
    expect(execFileSync('sh', ['-c', 'echo ok']).toString()).toBe('ok\n')
  })

  it.each(['//evil/', '@evil', '/a b', 'http://x', '/@evil'])(
    'refuses the health path %j',
    async (health) => {
      await api.refused(422, 'ValidationFailed', 'PUT', path1, {
        branch: 'main',
        config: { health: { path: health } },
      })
    },
  )

  it('names every field that is unknown', async () => {
    const answer = await api.refused(422, 'ValidationFailed', 'PUT', path1, {
      branch: 'main',
      brunch: 1,
      config: { x: 1 },
    })
    expect(answer.body.errors?.map(({ pointer }) => pointer).toSorted()).toEqual(['/brunch', '/config/x'])
  })

  it('answers 404 for the environment of another service', async () => {
    await api.refused(404, 'EnvironmentNotFound', 'GET', '/v1/services/rival/environments/production')
    await api.refused(404, 'ServiceNotFound', 'PUT', '/v1/services/nobody/environments/production', {
      branch: 'main',
    })
  })
})

describe('variables', () => {
  const of = '/v1/services/vars/environments/production/variables'
  beforeAll(() => addShop(api, 'vars'))

  it('shows the value of a plain one and never of a secret one', async () => {
    const plain = await api.call('PUT', `${of}/LOG_LEVEL`, { value: 'info', secret: false })
    expect(plain.status).toBe(201)
    expect(variableSchema.parse(plain.body)).toMatchObject({
      name: 'LOG_LEVEL',
      value: 'info',
      secret: false,
    })
    const secret = await api.call('PUT', `${of}/API_KEY`, { value: 'topsecret2' })
    expect(secret.body).toMatchObject({ name: 'API_KEY', value: null, secret: true })
    const all = await api.call('GET', of)
    expect(all.text).not.toContain('topsecret2')
    expect(all.body).toMatchObject({ data: [{ name: 'API_KEY' }, { name: 'LOG_LEVEL' }] })
    expect((await api.call('PUT', `${of}/LOG_LEVEL`, { value: 'debug', secret: false })).status).toBe(200)
  })

  it('removes one', async () => {
    await api.call('PUT', `${of}/GOING`, { value: 'x' })
    expect((await api.call('DELETE', `${of}/GOING`)).status).toBe(204)
    await api.refused(404, 'VariableNotFound', 'DELETE', `${of}/GOING`)
  })
})

describe('deletion', () => {
  it('is refused while a deployment has not ended', async () => {
    await addShop(api, 'busy')
    const running = await deploy(api, 'busy')
    await api.refused(409, 'DeploymentRunning', 'DELETE', '/v1/services/busy')
    await api.refused(409, 'DeploymentRunning', 'DELETE', '/v1/services/busy/environments/production')
    expect(api.lanes.forgotten).not.toContain('busy/production')
    await end(api, running.id, 'FAILED')
    expect((await api.call('DELETE', '/v1/services/busy/environments/production')).status).toBe(204)
  })

  it('closes the lane and clears the host before the rows go', async () => {
    await addShop(api, 'leaving')
    await succeed(api, await deploy(api, 'leaving'))
    api.lanes.down = true
    await api.refused(503, 'TemporalUnavailable', 'DELETE', '/v1/services/leaving')
    api.lanes.down = false
    expect((await api.call('GET', '/v1/services/leaving')).status).toBe(200)
    expect((await api.call('DELETE', '/v1/services/leaving')).status).toBe(204)
    expect(api.lanes.forgotten).toContain('leaving/production')
    expect(api.lanes.tornDown).toContainEqual({
      serviceId: 'leaving',
      environment: 'production',
      host: 'local',
      number: 1,
    })
    await api.refused(404, 'ServiceNotFound', 'GET', '/v1/services/leaving')
  })

  it('needs no host for an environment that was never deployed', async () => {
    await addShop(api, 'fresh')
    api.lanes.down = true
    expect((await api.call('DELETE', '/v1/services/fresh/environments/production')).status).toBe(204)
    api.lanes.down = false
  })
})
