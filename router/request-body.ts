import { ChunkedBody } from './chunked-body.ts'
import type { RequestHead } from './request-head.ts'

/** A request's body, however it is cut on its way. */
export interface RequestBody {
  readonly ended: boolean
  /**
   * @returns where the body ended in `part`, or its length.
   * @throws BrokenMessage
   */
  read(part: Buffer, from: number, onData: (data: Buffer) => void): number
}

export function bodyOf({ hasBody, chunked, length }: RequestHead): RequestBody | undefined {
  if (!hasBody) return undefined
  return chunked ? new ChunkedBody() : new MeasuredBody(length)
}

class MeasuredBody implements RequestBody {
  #left: number

  constructor(length: number) {
    this.#left = length
  }

  get ended(): boolean {
    return this.#left === 0
  }

  read(part: Buffer, from: number, onData: (data: Buffer) => void): number {
    const end = Math.min(part.length, from + this.#left)
    this.#left -= end - from
    if (end > from) onData(part.subarray(from, end))
    return end
  }
}
