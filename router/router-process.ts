import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { withCompileCache } from './compile-cache.ts'
import { log } from './log.ts'

const program = fileURLToPath(new URL('serve.ts', import.meta.url))
const patienceMs = 15_000
/**
 * A small young generation, probably because the buffers of large answers are then freed and used again sooner.
 * Measured on 64 KB answers against Node's default: 32 % less CPU, 193 instead of 254 MB afterwards; on
 * 256 bytes no difference beyond the noise. What the holder was started with comes after it and wins.
 */
const memory = '--max-semi-space-size=4'

/** What a router process says. */
export type Word = 'at your service' | 'ready' | 'handed over'
/** What it is told. */
export type Order = 'go' | 'hand over' | 'resume' | 'leave'

/** A child that first loads its code and waits, and serves once it is told to. */
export class RouterProcess {
  readonly #child: ChildProcess
  /** Resolves when it has ended, for whatever reason. */
  readonly ended: Promise<{ code: number | null; signal: string | null }>
  readonly #loaded: Promise<boolean>

  /**
   * @param fd the listening socket.
   * @param folder of the state.
   */
  constructor(fd: number, folder: string) {
    this.#child = spawn(process.execPath, [memory, ...process.execArgv, program], {
      stdio: ['ignore', 'inherit', 'inherit', fd, 'ipc'],
      env: withCompileCache(process.env, folder),
    })
    this.ended = once(this.#child, 'exit').then(
      ([code, signal]) => ({ code: code as number | null, signal: signal as string | null }),
      (error: Error) => {
        log('router process not started', { error: error.message })
        return { code: null, signal: null }
      },
    )
    this.#child.on('error', () => {})
    this.#loaded = this.#says('at your service')
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Its code is loaded; false when it has ended. */
  loaded(): Promise<boolean> {
    return this.#loaded
  }

  /** Lets it serve; false when it could not. */
  async go(): Promise<boolean> {
    if (!(await this.#loaded)) return false
    const ready = this.#says('ready')
    this.tell('go')
    return ready
  }

  /** It changes no more routes once this resolves. */
  async handOver(): Promise<void> {
    const done = this.#says('handed over')
    this.tell('hand over')
    await done
  }

  tell(order: Order): void {
    // One that has ended is noticed by `ended`.
    if (this.#child.connected) this.#child.send(order, () => {})
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  #says(word: Word): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (said: boolean) => {
        clearTimeout(timer)
        this.#child.off('message', onMessage)
        resolve(said)
      }
      const onMessage = (message: unknown) => message === word && settle(true)
      const timer = setTimeout(settle, patienceMs, false)
      this.#child.on('message', onMessage)
      void this.ended.then(() => settle(false))
    })
  }
}
