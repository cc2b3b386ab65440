/** A piece of output with its place in it: from `start` up to and with what ended it, `end`. */
export interface OutputLine {
  /**
   * `line`: ended by a newline. `progress`: by a carriage return, so that a terminal would write over it.
   * `part`: longer than a line may be, and goes on. `gap`: left out, `bytes` is empty.
   */
  kind: 'line' | 'progress' | 'part' | 'gap'
  bytes: Buffer
  start: number
  end: number
}

const newline = 0x0a
const carriageReturn = 0x0d

/** Cuts raw output into lines, in memory of one line at most. */
export class OutputLines {
  readonly #longest: number
  #rest: Buffer = Buffer.alloc(0)
  /** Offset of what comes next. */
  #position: number
  /** In the middle of a line of which the beginning is not known: it could hold half of a secret. */
  #skipping = false

  constructor(position: number, { longest = 16 * 1024 }: { longest?: number } = {}) {
    this.#position = position
    this.#longest = longest
  }

  /** Resume inside of a line when the byte before was no line end. */
  startAfter(byte: number): void {
    this.#skipping = byte !== newline && byte !== carriageReturn
  }

  push(chunk: Buffer, offset: number): OutputLine[] {
    const expected = this.#position + this.#rest.length
    if (offset > expected) return [...this.#gapUpTo(offset), ...this.push(chunk, offset)]
    this.#rest = Buffer.concat([this.#rest, chunk.subarray(expected - offset)])
    const lines: OutputLine[] = []
    for (let line = this.#next(); line; line = this.#next()) lines.push(line)
    return lines
  }

  /** What is left at the end of the output. */
  end(): OutputLine[] {
    const { length } = this.#rest
    if (length === 0) return []
    const terminator = this.#rest[length - 1] === carriageReturn ? 1 : 0
    return [this.#take('line', length - terminator, terminator)]
  }

  #next(): OutputLine | undefined {
    for (;;) {
      const found = this.#cut()
      if (!found || isNotEmpty(found)) return found
    }
  }

  #cut(): OutputLine | undefined {
    const rest = this.#rest
    const feed = rest.indexOf(newline)
    const back = (feed < 0 ? rest : rest.subarray(0, feed)).indexOf(carriageReturn)
    const at = back < 0 ? feed : back
    const length = at < 0 ? rest.length : at
    // One byte more than fits tells whether the cut would be inside of a character.
    if (length > this.#longest) return this.#take('part', wholeCharacters(rest, this.#longest), 0)
    if (at < 0) return undefined
    if (rest[at] === newline) return this.#take('line', at, 1)
    // A carriage return may be half of a line end whose other half has not come yet.
    if (at + 1 === rest.length) return undefined
    return rest[at + 1] === newline ? this.#take('line', at, 2) : this.#take('progress', at, 1)
  }

  #take(kind: OutputLine['kind'], length: number, terminator: number): OutputLine {
    const start = this.#position
    const end = start + length + terminator
    const skipped = this.#skipping
    if (kind !== 'part') this.#skipping = false
    const bytes = this.#rest.subarray(0, length)
    this.#rest = this.#rest.subarray(length + terminator)
    this.#position = end
    return skipped ? { kind: 'gap', bytes: Buffer.alloc(0), start, end } : { kind, bytes, start, end }
  }

  #gapUpTo(offset: number): OutputLine[] {
    const before = this.end()
    const start = this.#position
    this.#position = offset
    this.#skipping = true
    return [...before, { kind: 'gap', bytes: Buffer.alloc(0), start, end: offset }]
  }
}

/** Empty progress is only the start of a line that is drawn over. */
const isNotEmpty = (line: OutputLine): boolean => line.kind !== 'progress' || line.bytes.length > 0

/** Never ends inside of a UTF-8 character. */
function wholeCharacters(bytes: Buffer, length: number): number {
  let end = length
  while (end > length - 4 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return end > length - 4 ? end : length
}
