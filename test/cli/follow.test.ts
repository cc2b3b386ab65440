import { setTimeout as sleep } from 'node:timers/promises'
import pc from 'picocolors'
import { expect, test } from 'vitest'
import type { Client } from '../../cli/client.ts'
import type { Context } from '../../cli/context.ts'
import { follow } from '../../cli/follow.ts'
import type { Deployment } from '../../contract/deployment.ts'

const context = { live: false, colors: pc.createColors(false), note: () => {} } as unknown as Context
const deployment = { id: 'shop.production.1', status: 'RUNNING', steps: [] } as unknown as Deployment
const month = 30 * 86_400_000

test('a wait longer than a timer can be set to does not end at once', async () => {
  const ended = { ...deployment, status: 'SUCCEEDED' } as Deployment
  const client = {
    open: async (_path: string, _headers: object, signal: AbortSignal) => {
      await sleep(50, undefined, { signal })
      return new Response('event: end\ndata: {}\n\n')
    },
    get: () => Promise.resolve(ended),
  } as unknown as Client
  expect(await follow(context, client, deployment, month)).toBe(ended)
})
