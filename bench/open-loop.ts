import http from 'node:http'

/** One request: when it was to start, began, and ended (milliseconds of `performance.now`), and what went wrong. */
export interface Asked {
  due: number
  ended: number
  wrong: string | null
}

/**
 * Requests at a constant arrival rate, whatever becomes of those before: latency counts from when a request was due,
 * so a stall is seen by all that fell into it. node:http never asks twice, so every lost request shows.
 */
export function openLoop(
  target: { port: number; host: string },
  perSecond: number,
): { asked: Asked[]; stop(): Promise<void> } {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 256 })
  const asked: Asked[] = []
  const open = new Set<Promise<void>>()
  const began = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) / 1000) * perSecond)
    for (; sent < due; sent++) {
      const one = ask(target, agent, began + (sent / perSecond) * 1000).then(
        (result) => void asked.push(result),
      )
      open.add(one)
      void one.finally(() => open.delete(one))
    }
  }, 2)
  return {
    asked,
    async stop() {
      clearInterval(timer)
      await Promise.all(open)
      agent.destroy()
    },
  }
}

function ask({ port, host }: { port: number; host: string }, agent: http.Agent, due: number): Promise<Asked> {
  const { promise, resolve } = Promise.withResolvers<Asked>()
  const done = (wrong: string | null) => resolve({ due, ended: performance.now(), wrong })
  const request = http.get(
    { host: '127.0.0.1', port, headers: { host }, agent, timeout: 30_000 },
    (response) => {
      response.once('error', (error) => done(error.message))
      response.once('end', () => done(response.statusCode === 200 ? null : `answered ${response.statusCode}`))
      response.resume()
    },
  )
  request.once('timeout', () => request.destroy(new Error('no answer within 30 s')))
  request.once('error', (error) => done(error.message))
  return promise
}
