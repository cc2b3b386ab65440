import { once } from 'node:events'
import type http from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { createAdaptorServer } from '@hono/node-server'
import { expect, test } from 'vitest'
import { signInLine } from '../../stack/sign-in-line.ts'
import { upLog } from '../../stack/up-log.ts'
import { startApi, token } from '../server/api.ts'
import { freshSettings } from './settings-of.ts'

test('whoever starts Sluice at a terminal is shown a link that signs in, or how to get one', async () => {
  const api = await startApi()
  const server = createAdaptorServer({ fetch: api.app.fetch }) as http.Server
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const settings = { ...(await freshSettings()), token, apiAddress: '127.0.0.1', apiPort: port }
  const { signal } = new AbortController()
  expect(await signInLine(settings, signal)).toMatch(
    /within a minute: http:\/\/127\.0\.0\.1:7700\/sign-in#sli_/,
  )
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
  expect(await signInLine(settings, signal)).toBe(
    '  To sign in, `sluice open` makes a link that signs you in.\n',
  )
  await api.stop()
}, 60_000)

test('only a terminal is shown it: what goes into a file can be read by others', () => {
  const terminal = Object.assign(new PassThrough(), { isTTY: true })
  expect(upLog(terminal, { json: false, color: false }).isTerminal).toBe(true)
  expect(upLog(terminal, { json: true, color: false }).isTerminal).toBe(false)
  expect(upLog(new PassThrough(), { json: false, color: false }).isTerminal).toBe(false)
})
