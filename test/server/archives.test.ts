import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Deployment } from '../../contract/deployment.ts'
import type { Problem } from '../../contract/problems.ts'
import { secretUrlOf } from '../../ports/archive-urls.ts'
import { keyFileSecrets } from '../../adapters/secrets/key-file/index.ts'
import { tarOf, zipOf } from '../source/archives.ts'
import { addShop, expectProblem, startApi, token, type Answer, type Api } from './api.ts'

let api: Api
let service: string
let at: string
let made = 0
beforeAll(async () => {
  api = await startApi()
}, 60_000)
afterAll(() => api.stop())
beforeEach(async () => {
  service = `shop-${++made}`
  await addShop(api, service)
  at = `/v1/services/${service}/environments/production/archives`
})

const plain = () => gzipSync(tarOf([{ path: 'app/index.html', content: `hello ${service}` }]))
const idOf = (content: Buffer) => `sha256:${createHash('sha256').update(content).digest('hex')}`

async function send<T = Deployment>(
  content: Buffer | ReadableStream,
  headers: Record<string, string> = {},
  to = at,
): Promise<Answer<T>> {
  const response = await api.raw(to, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream', ...headers },
    body: content as BodyInit,
    // A stream needs it.
    ...{ duplex: 'half' },
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) as T }
}

const left = () => {
  const folders = [path.join(api.archives, service), path.join(api.archives, '.incoming')]
  return folders.filter((folder) => existsSync(folder)).flatMap((folder) => readdirSync(folder))
}

describe('an archive in the body', () => {
  it('is deployed: its sum is the commit, and its name the ref', async () => {
    const content = plain()
    const answer = await send(content, {}, `${at}?name=shop-1.2.tar.gz`)
    expect(answer).toMatchObject({
      status: 202,
      body: {
        serviceId: service,
        trigger: 'archive',
        status: 'QUEUED',
        ref: 'shop-1.2.tar.gz',
        commitSha: idOf(content),
      },
    })
    expect(answer.headers.get('location')).toBe(`/v1/deployments/${answer.body.id}`)
    expect(api.lanes.enqueued.at(-1)).toMatchObject({ trigger: 'archive', commitSha: idOf(content) })
    expect(left().toSorted()).toEqual([idOf(content).slice(7), `${idOf(content).slice(7)}.json`].toSorted())
  })

  it.each(['application/zip', 'application/java-archive', 'application/gzip', ''])(
    'may be announced as %s, since its content decides',
    async (type) => {
      const jar = zipOf([{ path: 'META-INF/MANIFEST.MF', content: 'Main-Class: A\n' }])
      expect(await send(jar, { 'content-type': type })).toMatchObject({
        status: 202,
        body: { ref: 'upload' },
      })
    },
  )

  it('is retried with the same content', async () => {
    const content = plain()
    const { body } = await send(content)
    await api.store.deployments.finish(body.id, {
      status: 'FAILED',
      compensation: 'DONE',
      failure: null,
      step: null,
    })
    const again = await api.call<Deployment>('POST', `/v1/deployments/${body.id}/retry`)
    expect(again).toMatchObject({
      status: 202,
      body: { trigger: 'retry', commitSha: idOf(content), retryOf: body.id },
    })
  })

  it('is deployed once under one Idempotency-Key, and another content is refused under it', async () => {
    const content = plain()
    const first = await send(content, { 'idempotency-key': 'upload-1' })
    const again = await send(content, { 'idempotency-key': 'upload-1' })
    expect(again.text).toBe(first.text)
    expect(again.headers.get('idempotency-replayed')).toBe('true')
    const other = gzipSync(tarOf([{ path: 'x', content: 'other' }]))
    expect(await send<Problem>(other, { 'idempotency-key': 'upload-1' })).toMatchObject({
      status: 422,
      body: { code: 'IdempotencyMismatch' },
    })
    expect(left()).toHaveLength(2)
    expect(await api.store.environments.lastNumber(service, 'production')).toBe(1)
  })

  it('is not deployed when something is missing', async () => {
    api.findings.push({
      code: 'DiskLow',
      message: 'No room.',
      link: '/guides/before-a-deploy#disk-low',
      fix: null,
    })
    expect(await send<Problem>(plain())).toMatchObject({ status: 422, body: { code: 'PreflightFailed' } })
    api.findings.length = 0
    expect(await api.store.environments.lastNumber(service, 'production')).toBe(0)
  })

  it.each<[number, string, string, () => Buffer]>([
    [400, 'ArchiveMalformed', 'nothing', () => Buffer.alloc(0)],
    [400, 'ArchiveMalformed', 'something else', () => Buffer.from('<html>')],
    [400, 'ArchiveMalformed', 'half of one', () => plain().subarray(0, -12)],
    [422, 'ArchiveRejected', '../../x', () => tarOf([{ path: 'a' }, { path: '../../x' }])],
    [422, 'ArchiveRejected', '/abs', () => tarOf([{ path: 'a' }, { path: '/abs' }])],
    [
      413,
      'ArchiveTooLarge',
      '10000',
      () => tarOf(Array.from({ length: 10_001 }, (_, n) => ({ path: `f${n}`, type: '5' }))),
    ],
  ])('answers %i %s to %s, and keeps nothing', async (status, code, named, make) => {
    const answer = await send<Problem>(make())
    expect(answer.body).toMatchObject({ status, code })
    expectProblem(answer)
    if (code !== 'ArchiveMalformed') expect(answer.body.detail).toContain(named)
    expect(left()).toEqual([])
    expect(api.lanes.enqueued.filter(({ serviceId }) => serviceId === service)).toEqual([])
  })

  it('is stopped at the limit, whether or not it says how long it is', async () => {
    const tooMuch = Buffer.alloc(9 * 1024 ** 2)
    for (const headers of [{ 'content-length': String(tooMuch.length) }, {}]) {
      let sent = 0
      const stream = new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            controller.enqueue(tooMuch.subarray(sent, (sent += 65_536)))
            if (sent >= tooMuch.length) controller.close()
          },
        },
        { highWaterMark: 0 },
      )
      const answer = await send<Problem>(stream, headers)
      expect(answer.body).toMatchObject({ status: 413, code: 'ArchiveTooLarge' })
      if ('content-length' in headers) expect(sent).toBe(0)
    }
    expect(left()).toEqual([])
  })

  it('that breaks off leaves nothing', async () => {
    const half = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(plain())
      },
      pull(controller) {
        controller.error(new Error('the caller went away'))
      },
    })
    expect(await send<Problem>(half)).toMatchObject({ status: 400, body: { code: 'UploadCutOff' } })
    expect(left()).toEqual([])
  })

  it('is not read for nobody, for no environment, or when it is packed once more', async () => {
    const content = plain()
    const nobody = await send<Problem>(content, { authorization: 'Bearer slc_wrong-token-of-nobody' })
    expect(nobody).toMatchObject({ status: 401 })
    for (const to of [at.replace('production', 'staging'), at.replace(service, 'other')])
      expect(await send<Problem>(content, {}, to)).toMatchObject({ status: 404 })
    expect(await send<Problem>(content, {}, at.replace(service, 'A;id'))).toMatchObject({ status: 404 })
    expect(await send<Problem>(content, {}, `${at}?name=..%2fx`)).toMatchObject({ status: 422 })
    expect(await send<Problem>(content, { 'content-encoding': 'br' })).toMatchObject({ status: 415 })
    expect(await send<Problem>(content, { 'content-type': 'multipart/form-data; boundary=x' })).toMatchObject(
      {
        status: 415,
        body: { detail: expect.stringContaining('curl') as string },
      },
    )
    expect(left()).toEqual([])
  })
})

describe('the url of an archive', () => {
  it('is the ref, with the sum that is asked for', async () => {
    const sha256 = 'a'.repeat(64)
    const url = 'https://example.com/shop.tar.gz'
    expect(await api.call('POST', at, { url })).toMatchObject({
      status: 202,
      body: { trigger: 'archive', ref: url, commitSha: null },
    })
    expect(await api.call('POST', at, { url, sha256 })).toMatchObject({
      status: 202,
      body: { ref: `${url}#sha256=${sha256}` },
    })
  })

  it('keeps its query for itself: it is stored sealed and found by the ref', async () => {
    const url = 'https://storage.example.com/shop.zip?signature=hush-hush'
    const answer = await api.call<Deployment>('POST', at, { url })
    const { ref } = answer.body
    expect(ref).toMatch(/^https:\/\/storage\.example\.com\/shop\.zip#query=[0-9a-f]{12}$/)
    const secrets = await keyFileSecrets(path.join(path.dirname(api.archives), 'keys.json'))
    const find = secretUrlOf({ store: api.store, secrets })
    expect(await find(service, ref)).toBe(url)
    expect(await find('another', ref)).toBeUndefined()
    expect(await api.store.archiveUrls.find(service, ref)).not.toContain('hush')
    expect(JSON.stringify([api.lanes.enqueued, api.logged, answer.text])).not.toContain('hush-hush')
  })

  it.each([
    [{ url: 'http://example.com/a.zip' }, '/url'],
    [{ url: 'file:///etc/passwd' }, '/url'],
    [{ url: 'ext::sh -c id' }, '/url'],
    [{ url: 'https://u:tok@example.com/a.zip' }, '/url'],
    [{ url: 7 }, '/url'],
    [{}, '/url'],
    [{ url: 'https://example.com/a', sha256: 'xyz' }, '/sha256'],
  ])('is refused as it stands in %j', async (body, pointer) => {
    const { body: problem } = await api.refused(422, 'ValidationFailed', 'POST', at, body)
    expect(problem.errors?.map((one) => one.pointer)).toContain(pointer)
  })
})
