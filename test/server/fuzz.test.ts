import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type http from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { createAdaptorServer } from '@hono/node-server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTemporalServer, type TemporalServer } from '../temporal-server.ts'
import { addShop, startApi, token, type Api } from './api.ts'

const run = promisify(execFile)

/**
 * Schemathesis makes requests from the API's own document and compares the answers with it. Opt-in, because pip fetches
 * it first: `SLUICE_FAULTS=all`; SLUICE_SCHEMATHESIS names one that is installed already.
 */
describe.runIf(process.env['SLUICE_FAULTS'] === 'all')('made-up requests', () => {
  let api: Api
  let server: http.Server
  let temporal: TemporalServer
  let folder = ''
  let program = ''
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'sluice-fuzz-'))
    program = process.env['SLUICE_SCHEMATHESIS'] ?? (await install(folder))
    temporal = await startTemporalServer()
    api = await startApi({}, undefined, temporal.address)
    await addShop(api)
    server = createAdaptorServer({ fetch: api.app.fetch }) as http.Server
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
  }, 400_000)
  afterAll(async () => {
    server?.closeAllConnections()
    server?.close()
    await api?.stop()
    await temporal?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it('find no error of the server, and no answer that is not documented', async () => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const checks =
      'not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance'
    const args = [
      ...['run', `${url}/openapi.json`, '--url', url, '--checks', checks, '--seed', '1'],
      ...[
        '--max-examples',
        process.env['SLUICE_EXAMPLES'] ?? '10',
        '--request-timeout',
        '5',
        '--phases',
        'examples,coverage,fuzzing',
      ],
      // It knows no way to write an archive.
      ...['--exclude-operation-id', 'deployArchive'],
    ]
    const found: string = await run(
      program,
      [...args, '-H', `Authorization: Bearer ${token}`, '--no-color'],
      {
        cwd: folder,
        maxBuffer: 64 * 1024 * 1024,
      },
    ).then(
      ({ stdout }) => stdout,
      ({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr,
    )
    expect(found).not.toMatch(/FAILURES|ERRORS|Unable/)
    expect(Number(/(\d+) generated/.exec(found)?.[1]), found).toBeGreaterThan(500)
    if (process.env['SLUICE_LOG_LEVEL'] === 'debug') process.stderr.write(found)
  }, 580_000)
})

async function install(folder: string): Promise<string> {
  await run('python3', ['-m', 'venv', path.join(folder, 'venv')])
  const bin = path.join(folder, 'venv', 'bin')
  await run(path.join(bin, 'pip'), ['install', '--quiet', 'schemathesis'])
  return path.join(bin, 'schemathesis')
}
