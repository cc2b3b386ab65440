import { expect, it } from 'vitest'
import { createGate } from '../../server/gate.ts'

const never = new AbortController().signal
const tick = () => new Promise((resolve) => setImmediate(resolve))

it('lets no more than the limit through at once, per key, in order', async () => {
  const gate = createGate(2)
  let inside = 0
  let most = 0
  const order: number[] = []
  const work = (at: number) => async () => {
    order.push(at)
    most = Math.max(most, ++inside)
    await tick()
    inside--
    return at
  }
  const done = await Promise.all([0, 1, 2, 3, 4].map((at) => gate('a', never, work(at))))
  expect(done).toEqual([0, 1, 2, 3, 4])
  expect(order).toEqual([0, 1, 2, 3, 4])
  expect(most).toBe(2)
})

it('does not make one key wait for another', async () => {
  const gate = createGate(1)
  const held = Promise.withResolvers<void>()
  const first = gate('a', never, () => held.promise)
  expect(await gate('b', never, async () => 'through')).toBe('through')
  held.resolve()
  await first
})

it('frees its place when the work fails, and when somebody gives up waiting', async () => {
  const gate = createGate(1)
  await expect(gate('a', never, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed')
  const held = Promise.withResolvers<void>()
  const first = gate('a', never, () => held.promise)
  const patience = new AbortController()
  const second = gate('a', patience.signal, async () => 'second')
  const third = gate('a', never, async () => 'third')
  patience.abort(new Error('gave up'))
  await expect(second).rejects.toThrow('gave up')
  held.resolve()
  await first
  expect(await third).toBe('third')
})
