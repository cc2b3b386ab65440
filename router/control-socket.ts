import { readdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import type { Server } from 'node:http'
import http from 'node:http'
import path from 'node:path'
import type { TargetLoad } from '../contract/routing.ts'

/**
 * Every router process listens on `<socket>.<pid>`; `<socket>` is a link to the one that is in charge. So a
 * successor takes over in one rename, and can still ask a process that is leaving what it has in flight.
 */
export interface ControlSocket {
  open(server: Server): Promise<void>
  takeOver(): void
  /** No longer in charge; still to be asked what is in flight. */
  stepDown(): void
  /** What other router processes, which are leaving, still have in flight. */
  loadElsewhere(instance: string): Promise<TargetLoad>
  cutElsewhere(instance: string): Promise<void>
  close(): void
}

export function controlSocket(socketPath: string): ControlSocket {
  const own = `${socketPath}.${process.pid}`
  const folder = path.dirname(socketPath)
  const prefix = `${path.basename(socketPath)}.`

  const others = (): string[] =>
    readdirSync(folder)
      .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
      .map((name) => path.join(folder, name))
      .filter((file) => file !== own)

  async function askOthers(method: string, request: string): Promise<unknown[]> {
    const answers = await Promise.all(others().map((file) => ask(file, method, request)))
    return answers.filter((answer) => answer !== undefined)
  }

  return {
    async open(server) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      rmSync(own, { force: true })
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        // The socket is created within this call, so nobody else gets to connect before its mode is set.
        const mask = process.umask(0o177)
        server.listen(own, resolve)
        process.umask(mask)
      })
    },

    takeOver() {
      const link = `${own}.link`
      rmSync(link, { force: true })
      symlinkSync(path.basename(own), link)
      renameSync(link, socketPath)
    },

    async loadElsewhere(instance) {
      const sum = { requests: 0, tunnels: 0 }
      for (const load of (await askOthers('GET', `/own/${encodeURIComponent(instance)}`)) as TargetLoad[]) {
        sum.requests += load.requests
        sum.tunnels += load.tunnels
      }
      return sum
    },

    async cutElsewhere(instance) {
      await askOthers('DELETE', `/own/${encodeURIComponent(instance)}`)
    },

    stepDown() {
      try {
        if (readlinkSync(socketPath) === path.basename(own)) rmSync(socketPath, { force: true })
      } catch {
        // Taken over or removed by someone else.
      }
    },

    close() {
      rmSync(own, { force: true })
    },
  }
}

/** undefined when nobody listens there any more; its file is then removed. */
function ask(file: string, method: string, request: string): Promise<unknown> {
  return new Promise((resolve) => {
    const call = http.request(
      { socketPath: file, method, path: request, agent: false, timeout: 1_000 },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (part: string) => (text += part))
        answer.on('end', () => resolve(answer.statusCode === 200 ? JSON.parse(text) : undefined))
        answer.on('error', () => resolve(undefined))
      },
    )
    call.on('timeout', () => call.destroy())
    call.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') rmSync(file, { force: true })
      resolve(undefined)
    })
    call.end()
  })
}
