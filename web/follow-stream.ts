/** Milliseconds without a row after which an empty line says that the connection is good. */
const standardBeat = 10_000

/**
 * Two streams of lines as one, for a browser has six connections to a server, for all of its tabs. A line with a name
 * in quotes says whose the next lines are. Neither is read further than the reader takes it.
 */
export function joined(
  streams: Record<string, ReadableStream<Uint8Array>>,
  beatEvery = standardBeat,
): ReadableStream<Uint8Array> {
  const readers = Object.entries(streams).map(([name, stream]) => ({ name, reader: stream.getReader() }))
  const encoder = new TextEncoder()
  const pending = new Map<string, Promise<Arrived>>()
  let hasBegun = false
  let current = ''
  const read = async ({ name, reader }: (typeof readers)[number]): Promise<Arrived> => ({
    name,
    ...(await reader.read()),
  })
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (!hasBegun) for (const one of readers) pending.set(one.name, read(one))
        hasBegun = true
        for (;;) {
          if (pending.size === 0) return controller.close()
          const arrived = await within(beatEvery, Promise.race(pending.values()))
          if (!arrived) return controller.enqueue(encoder.encode('\n'))
          const { name, value } = arrived
          pending.delete(name)
          if (arrived.done || !value) continue
          pending.set(name, read(readers.find((one) => one.name === name)!))
          if (name !== current) controller.enqueue(encoder.encode(`${JSON.stringify(name)}\n`))
          current = name
          return controller.enqueue(value)
        }
      },
      async cancel() {
        await Promise.all(readers.map(({ reader }) => reader.cancel()))
      },
    },
    { highWaterMark: 0 },
  )
}

interface Arrived {
  name: string
  done: boolean
  value?: Uint8Array | undefined
}

/** Undefined when nothing came for a while. */
async function within<T>(milliseconds: number, arrival: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const silence = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds)
  })
  return Promise.race([arrival, silence]).finally(() => clearTimeout(timer))
}
