import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'

export interface Outcome {
  kind: string
  startedAt: number
  /** The release that answered. */
  release: string
  error?: string
}

/** Clients of every kind that send one request after the other until they are told to stop. */
export interface Load {
  readonly outcomes: Outcome[]
  stop(): Promise<void>
}

export function startLoad(port: number, host: string): Load {
  const agent = new http.Agent({ keepAlive: true })
  const outcomes: Outcome[] = []
  let stopped = false

  async function client(kind: string, once: () => Promise<string>, pauseMs: number): Promise<void> {
    while (!stopped) {
      const startedAt = performance.now()
      try {
        outcomes.push({ kind, startedAt, release: await once() })
      } catch (error) {
        outcomes.push({ kind, startedAt, release: '', error: (error as Error).message })
      }
      await sleep(pauseMs)
    }
  }

  function request(
    method: string,
    path: string,
    send: (to: http.ClientRequest) => Promise<void>,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = http.request(
        { port, host: '127.0.0.1', method, path, agent, headers: { host } },
        (response) => {
          let body = ''
          response.setEncoding('utf8').on('data', (part: string) => (body += part))
          response.on('error', reject)
          response.on('end', () => {
            if (response.statusCode !== 200) reject(new Error(`${response.statusCode}: ${body}`))
            else resolve({ body, release: String(response.headers['x-release']) })
          })
        },
      )
      outgoing.on('error', reject)
      send(outgoing).catch(reject)
    })
  }

  const get = async (path: string) => request('GET', path, async (to) => void to.end())

  async function upload(): Promise<string> {
    const { body, release } = await request('POST', '/upload', async (to) => {
      for (let i = 0; i < 5; i++) {
        to.write(Buffer.alloc(50_000))
        await sleep(60)
      }
      to.end()
    })
    if (body !== `${release} 250000`) throw new Error(`the upload arrived as ${body}`)
    return release
  }

  async function events(): Promise<string> {
    const { body, release } = await get('/events')
    if (!body.endsWith('data: 9\n\n')) throw new Error(`the stream ended after ${body.length} bytes`)
    return release
  }

  const clients = [
    ...repeat(6, () => client('fast', async () => (await get('/')).release, 3)),
    ...repeat(4, (n) => client('slow', async () => (await get(`/slow?ms=${1_000 + n * 250}`)).release, 5)),
    ...repeat(3, () => client('upload', upload, 5)),
    ...repeat(2, () => client('events', events, 5)),
    ...repeat(2, () => client('webSocket', () => talk(port, host), 5)),
  ]

  return {
    outcomes,
    async stop() {
      stopped = true
      await Promise.all(clients)
      agent.destroy()
    },
  }
}

interface Answer {
  body: string
  release: string
}

const repeat = <T>(times: number, make: (n: number) => T): T[] =>
  Array.from({ length: times }, (_, n) => make(n))

/** One WebSocket of about a second: five messages, each echoed, then a clean close. */
function talk(port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { host } })
    let echoes = 0
    socket.on('error', reject)
    socket.on('open', () => socket.send('0'))
    socket.on('message', (message: Buffer) => {
      if (message.toString() !== String(echoes)) return reject(new Error('not the echo'))
      if (++echoes === 5) return socket.close(1000)
      setTimeout(() => socket.send(String(echoes)), 200)
    })
    socket.on('close', (code) => {
      if (code === 1000 && echoes === 5) resolve('')
      else reject(new Error(`the WebSocket was closed with ${code} after ${echoes} messages`))
    })
  })
}
