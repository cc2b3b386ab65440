/** Places that are marked; the count goes on. */
const mostMarked = 1000
/** Milliseconds of a frame for looking: more would be felt. */
const budget = 8

/** Finds text in the log. Marks it without touching the document, so that a selection stays. */
export class LogSearch {
  readonly #box: HTMLElement
  readonly #input: HTMLInputElement
  readonly #found: HTMLElement
  #places: Range[] = []
  #lines = 0
  #at = -1
  /** The last line that was looked at. */
  #seen: Element | undefined
  #isPlanned = false

  constructor(box: HTMLElement, input: HTMLInputElement, found: HTMLElement) {
    this.#box = box
    this.#input = input
    this.#found = found
    input.addEventListener('input', () => this.restart())
    input.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') input.blur()
      if (event.key !== 'Enter') return
      event.preventDefault()
      this.#go(event.shiftKey ? -1 : 1)
    })
  }

  /** Looks at everything again. */
  restart(): void {
    this.#places = []
    this.#lines = 0
    this.#at = -1
    this.#seen = undefined
    this.#plan()
  }

  /** There are more lines. */
  grown(): void {
    if (this.#input.value) this.#plan()
  }

  #plan(): void {
    if (this.#isPlanned) return
    this.#isPlanned = true
    requestAnimationFrame(() => {
      this.#isPlanned = false
      this.#look()
    })
  }

  #look(): void {
    const wanted = this.#input.value.toLowerCase()
    const until = performance.now() + budget
    let isMore = false
    for (let line = wanted ? this.#next() : undefined; line; line = this.#next()) {
      this.#seen = line
      if (line.textContent.toLowerCase().includes(wanted)) this.#hit(line, wanted)
      isMore = performance.now() > until
      if (isMore) break
    }
    this.#mark()
    this.#found.textContent = wanted ? `${this.#lines} ${this.#lines === 1 ? 'line' : 'lines'}` : ''
    if (isMore) this.#plan()
  }

  #hit(line: Element, wanted: string): void {
    this.#lines++
    if (this.#places.length < mostMarked) this.#places.push(...placesIn(line, wanted))
  }

  /** The line after the last that was looked at. A progress bar is still being written. */
  #next(): Element | undefined {
    const seen = this.#seen?.isConnected ? this.#seen : undefined
    let chunk = seen ? seen.parentElement : this.#box.firstElementChild
    let line = seen ? seen.nextElementSibling : (chunk?.firstElementChild ?? null)
    while (chunk && (!line || (chunk as HTMLElement).hidden)) {
      chunk = chunk.nextElementSibling
      line = chunk?.firstElementChild ?? null
    }
    return line && !line.classList.contains('progress') ? line : undefined
  }

  #go(by: number): void {
    if (this.#places.length === 0) return
    const from = this.#at < 0 && by < 0 ? 0 : this.#at
    this.#at = (from + by + this.#places.length) % this.#places.length
    this.#mark()
    this.#places[this.#at]?.startContainer.parentElement?.scrollIntoView({ block: 'center' })
  }

  #mark(): void {
    if (!('highlights' in CSS)) return
    CSS.highlights.set('found', new Highlight(...this.#places))
    CSS.highlights.set('current', new Highlight(...this.#places.slice(this.#at, this.#at + 1)))
  }
}

/** In the pieces of a line that have one colour each. */
function placesIn(line: Element, wanted: string): Range[] {
  const places: Range[] = []
  const texts = document.createTreeWalker(line, NodeFilter.SHOW_TEXT)
  for (let node = texts.nextNode(); node; node = texts.nextNode()) {
    const text = (node.textContent ?? '').toLowerCase()
    for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) {
      const range = document.createRange()
      if (at + wanted.length > (node.textContent ?? '').length) break
      range.setStart(node, at)
      range.setEnd(node, at + wanted.length)
      places.push(range)
    }
  }
  return places
}
