import path from 'node:path'
import { FolderWatch } from './folder-watch.ts'
import type { OutputFile } from './output-file.ts'

export interface OutputSink {
  from: number
  write(chunk: Buffer, offset: number): Promise<void>
}

/** Hands on the output of a job as it grows, one piece after the other, no faster than the sink takes it. */
export class OutputStream {
  /** Rejects when the sink does. */
  readonly done: Promise<void>
  #file: OutputFile
  #watch: FolderWatch
  #limiting: NodeJS.Timeout
  #end: number | undefined
  #stopped = false

  constructor(file: OutputFile, sink: OutputSink) {
    const name = path.basename(file.path)
    this.#file = file
    this.#watch = new FolderWatch(path.dirname(file.path), (changed) => changed === name)
    // Apart from the pump: a slow sink must not let the file grow.
    this.#limiting = setInterval(() => void file.limit().catch(() => {}), 100)
    this.done = this.#pump(sink)
  }

  /** There will be no more: `done` resolves once all up to now was handed on, whoever still holds the file. */
  async finish(): Promise<void> {
    this.#end = await this.#file.size()
    this.#watch.wake()
    await this.done
  }

  stop(): void {
    this.#stopped = true
    clearInterval(this.#limiting)
    this.#watch.close()
  }

  async #pump(sink: OutputSink): Promise<void> {
    let offset = sink.from
    while (!this.#stopped) {
      const end = this.#end
      const piece = await this.#file.pieceAt(offset, end ?? (await this.#file.size()))
      if (piece) {
        await sink.write(piece.bytes, piece.offset)
        offset = piece.offset + piece.bytes.length
      } else {
        if (end !== undefined) return
        await this.#watch.wait(100)
      }
    }
  }
}
