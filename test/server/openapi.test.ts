import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type Api } from './api.ts'

interface Media {
  schema?: unknown
  example?: unknown
}
interface Operation {
  operationId?: string
  summary?: string
  tags?: string[]
  security?: { token?: string[] }[]
  parameters?: {
    name: string
    in: string
    required?: boolean
    schema: { type?: string; default?: unknown }
  }[]
  requestBody?: { content: Record<string, Media> }
  responses: Record<string, { description?: string; content?: Record<string, Media> }>
}
interface Document {
  openapi: string
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, unknown>; securitySchemes: Record<string, unknown> }
  servers: { url: string }[]
  tags: { name: string }[]
}

let api: Api
let document: Document
let operations: { path: string; method: string; operation: Operation }[]
beforeAll(async () => {
  api = await startApi()
  document = (await api.call<Document>('GET', '/openapi.json')).body
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  )
}, 60_000)
afterAll(() => api.stop())

describe('the OpenAPI document', () => {
  it('is of version 3.1 and says where and how to ask', () => {
    expect(document.openapi).toMatch(/^3\.1\./)
    expect(document.servers).toEqual([{ url: 'http://127.0.0.1:7700' }])
    expect(document.components.securitySchemes).toMatchObject({ token: { type: 'http', scheme: 'bearer' } })
  })

  it('has every route of the app, and no other', () => {
    const plain = /^\/($|openapi\.json|docs|guides|schemas)/
    const routed = api.app.routes
      .filter(({ method, path }) => method !== 'ALL' && !plain.test(path))
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
    const documented = operations.map(({ path, method }) => `${method} ${path}`)
    expect(documented.toSorted()).toEqual([...new Set(routed)].toSorted())
    expect(documented.length).toBeGreaterThan(25)
  })

  it('gives every operation an id of its own, a summary and a known tag', () => {
    const ids = operations.map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    const tags = document.tags.map(({ name }) => name)
    for (const { path, operation } of operations) {
      expect(operation.operationId, path).toMatch(/^[a-z][A-Za-z]+$/)
      expect(operation.summary, path).toBeTruthy()
      expect(tags, path).toEqual(expect.arrayContaining(operation.tags ?? ['none']))
    }
  })

  it('documents the problems that each operation may answer', () => {
    for (const { path, method, operation } of operations) {
      const statuses = Object.keys(operation.responses)
      const expected = [
        '421',
        '500',
        ...(operation.security?.length === 0 ? [] : ['401', '403', '429', '503']),
        ...(path.includes('{') ? ['404'] : []),
        ...(operation.requestBody ? ['400', '413', '415', '422'] : []),
      ]
      expect(statuses, `${method} ${path}`).toEqual(expect.arrayContaining(expected))
      for (const [status, response] of Object.entries(operation.responses)) {
        expect(response.description, `${method} ${path} ${status}`).toBeTruthy()
        if (Number(status) < 400) continue
        expect(Object.keys(response.content ?? {}), `${method} ${path} ${status}`).toEqual([
          'application/problem+json',
        ])
      }
    }
  })

  it('declares each parameter of a path, and an Idempotency-Key on every POST', () => {
    for (const { path, method, operation } of operations) {
      const names = (operation.parameters ?? []).map(({ name, in: where }) => `${where} ${name}`)
      for (const [, name] of path.matchAll(/\{(\w+)\}/g)) expect(names, path).toContain(`path ${name}`)
      if (method === 'post') expect(names, path).toContain('header idempotency-key')
    }
  })

  it('has an example for every JSON body that goes in', () => {
    for (const { path, operation } of operations) {
      for (const media of Object.values(operation.requestBody?.content ?? {}))
        expect(media.example, path).toBeDefined()
    }
  })

  it('has defaults of the type that it names, and no schema that may be null by itself', () => {
    for (const { path, operation } of operations) {
      for (const { name, schema } of operation.parameters ?? []) {
        const { type, default: value } = schema
        if (value === undefined) continue
        expect(typeof value, `${path} ${name}`).toBe(type === 'integer' ? 'number' : type)
      }
    }
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      expect((schema as { type?: unknown }).type ?? 'object', name).toBe('object')
    }
  })

  it('refers only to schemas that it has', () => {
    const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(
      ([, name]) => name!,
    )
    expect(references.length).toBeGreaterThan(0)
    for (const name of references) expect(Object.keys(document.components.schemas)).toContain(name)
    expect(document.components.schemas).toHaveProperty('Deployment')
    expect(document.components.schemas).toHaveProperty('Problem')
  })
})

describe('examples of the document', () => {
  it('are accepted by the API', async () => {
    const post = (path: string) =>
      document.paths[path]!['post']!.requestBody!.content['application/json']!.example
    expect((await api.call('POST', '/v1/services', post('/v1/services'))).status).toBe(201)
    const put = document.paths['/v1/services/{serviceId}/environments/{environment}']!['put']!
    const wanted = put.requestBody!.content['application/json']!.example
    expect((await api.call('PUT', '/v1/services/shop/environments/production', wanted)).status).toBe(201)
    expect((await api.call('POST', '/v1/deployments', post('/v1/deployments'))).status).toBe(202)
  })
})
