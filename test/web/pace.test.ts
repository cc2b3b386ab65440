import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Pace } from '../../web/client/pace.ts'

/** Milliseconds between two frames of this browser. */
const frame = 16

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] })
  vi.stubGlobal('requestAnimationFrame', (draw: () => void) => setTimeout(draw, frame))
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** A pace whose work notes when it is done. */
function noted() {
  const times: number[] = []
  const began = performance.now()
  return { times, pace: new Pace(() => void times.push(performance.now() - began)) }
}

test('does what is asked in the next frame, and once however often it is asked', () => {
  const { pace, times } = noted()
  for (let n = 0; n < 10; n++) pace.ask()
  vi.advanceTimersByTime(1_000)
  expect(times).toEqual([frame])
})

test('goes on ten times a second while more comes all the time', () => {
  const { pace, times } = noted()
  for (let n = 0; n < 1_000; n++) {
    pace.ask()
    vi.advanceTimersByTime(1)
  }
  expect(times.length).toBeGreaterThan(5)
  for (const [n, time] of times.entries()) if (n > 0) expect(time - times[n - 1]!).toBeGreaterThanOrEqual(100)
})

test('does what was asked while it was busy, after as long as it took', () => {
  const times: number[] = []
  const pace = new Pace(() => {
    times.push(performance.now())
    if (times.length === 1) pace.ask()
    vi.advanceTimersByTime(300)
  })
  pace.ask()
  vi.advanceTimersByTime(2_000)
  expect(times).toHaveLength(2)
  expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(600)
})
