import net from 'node:net'
import type { AnswerReader } from './answer-parser.ts'
import { AnswerParser } from './answer-parser.ts'
import type { RouterLimits } from './settings.ts'

export type FailureKind =
  /** No connection came about. */
  | 'unreachable'
  | 'timed out'
  /** Ended without one byte of an answer: probably a kept connection that the service was just closing. */
  | 'closed unanswered'
  /** What was answered is no HTTP, or is not the whole answer. */
  | 'broken'

/** Who a connection works for, from its request to the end of the answer. */
export interface Caller extends AnswerReader {
  /** All that has come so far was passed on; more may take long. */
  onPause(): void
  onEnd(): void
  onFailure(kind: FailureKind): void
  /** The service takes more of an upload again. */
  onDrain(): void
}

/** Long enough to read what has already arrived. */
const failedWriteGraceMs = 250

type Written = (error?: Error | null) => void

/**
 * What a read has brought, one after the other for all connections, instead of 64 KB allocated for each. So whoever
 * keeps a part copies it.
 */
const arrived = Buffer.allocUnsafeSlow(65_536)

/** One connection to a release, kept from request to request. Carries one at a time. */
export class ServiceConnection {
  readonly #socket: net.Socket
  readonly #limits: RouterLimits
  readonly #onFree: (connection: ServiceConnection) => void
  readonly #onGone: (connection: ServiceConnection) => void
  #caller: Caller | undefined
  #parser: AnswerParser | undefined
  #answered = false
  /** The whole request was handed to the socket. */
  #sent = false
  #paused = false
  #connected = false
  #toleratesFailedWrites = false
  #gone = false
  /** Since something last moved on it; counted by `tick`, so that a clock that jumps changes nothing. */
  #quietMs = 0
  #keepMs = 0

  constructor(
    to: net.TcpNetConnectOpts,
    limits: RouterLimits,
    onFree: (connection: ServiceConnection) => void,
    onGone: (connection: ServiceConnection) => void,
  ) {
    this.#limits = limits
    this.#onFree = onFree
    this.#onGone = onGone
    const onread = { buffer: arrived, callback: (bytes: number) => this.#onData(arrived.subarray(0, bytes)) }
    this.#socket = net.connect({ ...to, noDelay: true, onread })
    this.#socket
      .on('connect', () => this.#onConnect())
      .on('drain', () => this.#caller?.onDrain())
      .on('end', () => this.#onEnd())
      .on('error', (error: NodeJS.ErrnoException) => this.#onError(error))
      .on('close', () => this.#fail('closed unanswered'))
  }

  /** @param head up to and with the empty line; `hasBody`: `write` and `finish` follow. */
  send(method: string, head: string, hasBody: boolean, caller: Caller): void {
    this.#caller = caller
    this.#parser = new AnswerParser(method, caller)
    this.#answered = false
    this.#sent = !hasBody
    this.#quietMs = 0
    if (hasBody) this.#tolerateFailedWrites()
    this.#socket.write(head, 'latin1')
  }

  /** False when the service is slow: `onDrain` tells when to go on. */
  write(part: Buffer): boolean {
    this.#quietMs = 0
    return this.#socket.write(part)
  }

  writeChunk(part: Buffer): boolean {
    this.#quietMs = 0
    const socket = this.#socket
    socket.cork()
    socket.write(`${part.length.toString(16)}\r\n`, 'latin1')
    socket.write(part)
    const goOn = socket.write('\r\n', 'latin1')
    socket.uncork()
    return goOn
  }

  /** The body is complete. */
  finish(chunked: boolean): void {
    this.#sent = true
    this.#quietMs = 0
    if (chunked) this.#socket.write('0\r\n\r\n', 'latin1')
  }

  /** What is written before the end of this turn goes out in one piece. */
  gatherWrites(): void {
    this.#socket.cork()
    process.nextTick(() => this.#socket.uncork())
  }

  pause(): void {
    this.#paused = true
    this.#socket.pause()
  }

  resume(): void {
    this.#paused = false
    this.#quietMs = 0
    this.#socket.resume()
  }

  /** Without a word to the caller. */
  destroy(): void {
    this.#caller = undefined
    this.#socket.destroy()
    if (this.#gone) return
    this.#gone = true
    this.#onGone(this)
  }

  /** Milliseconds have passed. */
  tick(passedMs: number): void {
    this.#quietMs += passedMs
    const limits = this.#limits
    if (this.#caller === undefined) {
      if (this.#quietMs >= this.#keepMs) this.destroy()
    } else if (this.#socket.connecting) {
      if (this.#quietMs > limits.connectMs) this.#fail('timed out')
    } else if (this.#parser?.hasHead) {
      if (limits.streamMs > 0 && this.#quietMs > limits.streamMs && !this.#paused) this.#fail('broken')
    } else if (this.#quietMs > limits.answerMs) {
      // While the client is what an unfinished upload waits for, the service has nothing to answer for.
      if (this.#sent || this.#socket.writableNeedDrain) this.#fail('timed out')
    }
  }

  #onConnect(): void {
    this.#connected = true
    this.#quietMs = 0
  }

  /** Always true: false would stop the reading. */
  #onData(part: Buffer): boolean {
    const parser = this.#parser
    const caller = this.#caller
    // Nobody has asked: not to be taken for the answer to the next request.
    if (parser === undefined || caller === undefined) this.destroy()
    else this.#readAnswer(part, parser, caller)
    return true
  }

  #readAnswer(part: Buffer, parser: AnswerParser, caller: Caller): void {
    this.#quietMs = 0
    this.#answered = true
    try {
      parser.read(part)
    } catch {
      this.#fail('broken')
    }
    // The caller may have given up meanwhile.
    if (this.#caller !== caller) return
    if (parser.isComplete) this.#complete(parser, caller)
    else caller.onPause()
  }

  #complete(parser: AnswerParser, caller: Caller): void {
    this.#caller = undefined
    this.#parser = undefined
    // What is left of an upload that was answered early is not sent any more.
    this.#keepMs = this.#sent ? parser.keepMs : 0
    this.#quietMs = 0
    if (this.#keepMs === 0) this.destroy()
    else {
      if (this.#paused) this.resume()
      this.#onFree(this)
    }
    caller.onEnd()
  }

  #onEnd(): void {
    const parser = this.#parser
    const caller = this.#caller
    if (parser?.end() && caller !== undefined) this.#complete(parser, caller)
    else this.#fail('closed unanswered')
  }

  #onError(error: NodeJS.ErrnoException): void {
    if (!this.#connected) {
      this.#fail(error.code === 'ETIMEDOUT' ? 'timed out' : 'unreachable')
    } else {
      this.#fail('closed unanswered')
    }
  }

  #fail(kind: FailureKind): void {
    const caller = this.#caller
    this.destroy()
    caller?.onFailure(kind === 'closed unanswered' && this.#answered ? 'broken' : kind)
  }

  /**
   * A service may answer an upload early and close (413): the next write then fails, and Node would destroy the
   * connection with the answer unread. So a failed write is told a little later than a failed read.
   */
  #tolerateFailedWrites(): void {
    if (this.#toleratesFailedWrites) return
    this.#toleratesFailedWrites = true
    const socket = this.#socket
    const { _write: write, _writev: writev } = socket
    const late = (written: Written): Written => {
      return (error) => (error ? void setTimeout(written, failedWriteGraceMs, error) : written())
    }
    socket._write = (chunk: unknown, encoding, written) => write.call(socket, chunk, encoding, late(written))
    if (writev) socket._writev = (chunks, written) => writev.call(socket, chunks, late(written))
  }
}
