import { beforeEach, describe, expect, it } from 'vitest'
import type { DeploymentStatus } from '../../contract/vocabulary.ts'
import { jsonLines } from '../../server/event-stream.ts'
import { follow } from '../../server/follow.ts'
import { SharedFeed, sharedFeeds, type Piece } from '../../server/shared-feed.ts'

interface Row {
  seq: number
}

let rows: Row[]
let status: DeploymentStatus
let reads: number
let watchers: Set<() => void>
const source = {
  status: async () => {
    await Promise.resolve()
    return status
  },
  read: async (after: number, limit: number) => {
    reads++
    const found = rows.slice(after, after + limit)
    await new Promise((resolve) => setImmediate(resolve))
    return found
  },
  watch: (changed: () => void) => {
    watchers.add(changed)
    return () => void watchers.delete(changed)
  },
}
let feed: SharedFeed<Row>
beforeEach(() => {
  rows = []
  status = 'RUNNING'
  reads = 0
  watchers = new Set()
  feed = new SharedFeed(source)
})

function write(count: number): void {
  for (let n = 0; n < count; n++) rows.push({ seq: rows.length + 1 })
  for (const tell of watchers) tell()
}
function finish(): void {
  status = 'SUCCEEDED'
  for (const tell of watchers) tell()
}

async function readAll(after = 0): Promise<number[]> {
  const seen: number[] = []
  for await (const one of follow(feed, after, new AbortController().signal))
    if (one.kind === 'rows') seen.push(...one.rows.rows.map(({ seq }) => seq))
  return seen
}
const from = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, n) => first + n)

describe('many who follow one deployment', () => {
  it('cost what one costs, and each gets every row once', async () => {
    const readers = Array.from({ length: 20 }, () => readAll())
    for (let n = 0; n < 30; n++) {
      write(70)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    finish()
    for (const seen of await Promise.all(readers)) expect(seen).toEqual(from(1, 2100))
    // At most two a time: what there is, and that there is no more.
    expect(reads).toBeLessThan(2 * 31 + 10)
    expect(watchers.size).toBe(0)
  })

  it('come to read the same pieces wherever they begin', async () => {
    write(5000)
    finish()
    const starts = Array.from({ length: 10 }, (_, n) => n * 90 + 1)
    const all = await Promise.all(starts.map((after) => readAll(after)))
    for (const [n, seen] of all.entries()) expect(seen).toEqual(from(starts[n]! + 1, 5000))
    // One each up to the first thousand, and from there on together.
    expect(reads).toBeLessThan(10 + 4 + 3)
  })

  it('share the bytes of a piece', async () => {
    write(3)
    const [one, other] = await Promise.all([feed.read(0), feed.read(0)])
    expect(one!.bytes(jsonLines)).toBe(other!.bytes(jsonLines))
    expect(new TextDecoder().decode(one!.bytes(jsonLines))).toBe('{"seq":1}\n{"seq":2}\n{"seq":3}\n')
    expect(reads).toBe(1)
  })
})

describe('the end', () => {
  it('is not believed before the rows that were written before it', async () => {
    // Somebody finds nothing; then the last row and the end are written, and nobody has been told yet.
    expect(await feed.read(0)).toBeUndefined()
    rows.push({ seq: 1 })
    status = 'FAILED'
    expect(await feed.status()).toBe('FAILED')
    expect((await feed.read(0))?.rows).toEqual([{ seq: 1 }])
  })

  it('is asked for anew when there is news', async () => {
    const stop = feed.watch(() => {})
    expect(await feed.status()).toBe('RUNNING')
    finish()
    expect(await feed.status()).toBe('SUCCEEDED')
    stop()
  })

  it('comes all the same when the store fails once', async () => {
    const broken = new SharedFeed<Row>({
      ...source,
      status: (() => {
        let calls = 0
        return () => (calls++ === 0 ? Promise.reject(new Error('away')) : Promise.resolve(status))
      })(),
    })
    await expect(broken.status()).rejects.toThrow('away')
    expect(await broken.status()).toBe('RUNNING')
  })
})

it('keeps a bounded number of pieces, and none when nobody follows', async () => {
  write(20_000)
  const stop = feed.watch(() => {})
  const first = await feed.read(0)
  for (let piece: Piece<Row> | undefined = first; piece;) piece = await feed.read(piece.last)
  const before = reads
  expect(await feed.read(0)).not.toBe(first)
  expect(reads).toBe(before + 1)
  const kept = await feed.read(0)
  stop()
  expect(await feed.read(0)).not.toBe(kept)
})

it('is one feed for those who follow, and a new one for who comes after all have left', () => {
  const feeds = sharedFeeds<Row>()
  const one = feeds('a', source)
  const stop = one.watch(() => {})
  expect(feeds('a', source)).toBe(one)
  expect(feeds('b', source)).not.toBe(one)
  stop()
  expect(feeds('a', source)).not.toBe(one)
})
