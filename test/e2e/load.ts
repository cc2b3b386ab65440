import http from 'node:http'
import { WebSocket } from 'ws'
import type { Sluice } from './sluice.ts'

/** What went wrong under load, and how much went right. */
export interface LoadReport {
  answered: number
  versions: Record<string, number>
  wrong: string[]
}

/**
 * Constant load from keep-alive connections, each asking again as soon as it has its answer; every eighth one asks
 * for something that takes 1 to 2 s. Uses node:http, whose agent never retries: a reset shows.
 */
export function startLoad(sluice: Sluice, host: string, connections = 32): { stop(): Promise<LoadReport> } {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections })
  const report: LoadReport = { answered: 0, versions: {}, wrong: [] }
  let going = true
  const ask = (path: string): Promise<void> =>
    new Promise((resolve) => {
      const request = http.get(
        { host: '127.0.0.1', port: sluice.routerPort, path, headers: { host }, agent },
        (response) => {
          let text = ''
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
          response.once('error', (error) => {
            report.wrong.push(`${path}: ${error.message}`)
            resolve()
          })
          response.once('end', () => {
            if (response.statusCode !== 200)
              report.wrong.push(`${path}: ${response.statusCode} ${text.slice(0, 200)}`)
            report.answered++
            report.versions[text] = (report.versions[text] ?? 0) + 1
            resolve()
          })
        },
      )
      request.once('error', (error) => {
        report.wrong.push(`${path}: ${error.message}`)
        resolve()
      })
    })
  const clients = Array.from({ length: connections }, async (_, at) => {
    while (going) {
      await ask(at % 8 === 0 ? `/slow?ms=${1000 + Math.floor(Math.random() * 1000)}` : '/')
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  })
  return {
    async stop() {
      going = false
      await Promise.all(clients)
      agent.destroy()
      return report
    },
  }
}

/** A WebSocket that says something all the time; when and how it was closed. */
export async function openSocket(sluice: Sluice, host: string) {
  const socket = new WebSocket(`ws://127.0.0.1:${sluice.routerPort}/socket`, { headers: { host } })
  const answers: string[] = []
  const closed = Promise.withResolvers<{ code: number; at: number }>()
  socket.on('message', (data: Buffer) => answers.push(data.toString()))
  socket.on('error', () => {})
  socket.on('close', (code) => closed.resolve({ code, at: Date.now() }))
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  const timer = setInterval(() => {
    if (socket.readyState === WebSocket.OPEN) socket.send('hello')
  }, 50)
  return {
    answers,
    closed: closed.promise,
    close() {
      clearInterval(timer)
      socket.close()
    },
  }
}

/** An event stream; how many events came, and when and how it ended. */
export function openStream(sluice: Sluice, host: string) {
  let events = 0
  const ended = Promise.withResolvers<{ clean: boolean; at: number }>()
  const request = http.get({
    host: '127.0.0.1',
    port: sluice.routerPort,
    path: '/events',
    headers: { host },
    agent: false,
  })
  request.once('response', (response) => {
    response.on('data', () => events++)
    response.once('end', () => ended.resolve({ clean: true, at: Date.now() }))
    response.once('error', () => ended.resolve({ clean: false, at: Date.now() }))
  })
  request.once('error', () => ended.resolve({ clean: false, at: Date.now() }))
  return { events: () => events, ended: ended.promise, close: () => request.destroy() }
}
