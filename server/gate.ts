/** Lets so many through at once per key; the others wait their turn. */
export function createGate(limit: number) {
  const lines = new Map<string, { inside: number; waiting: (() => void)[] }>()

  const leave = (key: string) => {
    const line = lines.get(key)!
    const next = line.waiting.shift()
    if (next) next()
    else if (--line.inside === 0) lines.delete(key)
  }

  const enter = (key: string, signal: AbortSignal): Promise<void> => {
    const line = lines.get(key) ?? { inside: 0, waiting: [] }
    lines.set(key, line)
    if (line.inside < limit) {
      line.inside++
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        line.waiting.splice(line.waiting.indexOf(go), 1)
        reject(signal.reason as Error)
      }
      const go = () => {
        signal.removeEventListener('abort', giveUp)
        resolve()
      }
      line.waiting.push(go)
      signal.addEventListener('abort', giveUp, { once: true })
    })
  }

  /** @throws the signal's reason when it is aborted while waiting; what is inside is not touched by it. */
  return async <T>(key: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    signal.throwIfAborted()
    await enter(key, signal)
    try {
      return await work()
    } finally {
      leave(key)
    }
  }
}
