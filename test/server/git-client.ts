import { spawn } from 'node:child_process'
import { once } from 'node:events'

export interface GitRun {
  /** Ctrl-C. */
  interrupt(): void
  /** What it has said so far, both streams. */
  said(): string
  /** Waits until it has said that. */
  until(text: string): Promise<void>
  ended: Promise<{ code: number | null; said: string }>
}

/** Runs a real git client beside the server of the same process. */
export function startGit(folder: string, ...args: string[]): GitRun {
  const child = spawn('git', args, {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      HOME: '/nonexistent',
      LC_ALL: 'C',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_TERMINAL_PROMPT: '0',
    },
    // A group of its own, with its helpers in it, so that it can be interrupted as a terminal does it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  const waiting = new Set<() => void>()
  const hear = (chunk: Buffer) => {
    said += chunk.toString()
    for (const look of waiting) look()
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, said }))
  return {
    interrupt: () => void process.kill(-child.pid!, 'SIGINT'),
    said: () => said,
    until: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!said.includes(text)) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        void ended.then(() => reject(new Error(`git ended without saying ${text}:\n${said}`)))
        look()
      }),
    ended,
  }
}

export const git = (folder: string, ...args: string[]) => startGit(folder, ...args).ended
