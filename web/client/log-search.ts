/** Places that are marked; the count goes on. */
const mostMarked = 1000

/** Finds text in the log. Marks it without touching the document, so that a selection stays. */
export class LogSearch {
  readonly #box: HTMLElement
  readonly #input: HTMLInputElement
  readonly #found: HTMLElement
  #places: Range[] = []
  #at = -1
  #isSoon = false

  constructor(box: HTMLElement, input: HTMLInputElement, found: HTMLElement) {
    this.#box = box
    this.#input = input
    this.#found = found
    input.addEventListener('input', () => {
      this.#at = -1
      this.#search()
    })
    input.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter') return
      event.preventDefault()
      this.#go(event.shiftKey ? -1 : 1)
    })
  }

  /** There are more lines. */
  grown(): void {
    if (!this.#input.value) return
    if (this.#isSoon) return
    this.#isSoon = true
    setTimeout(() => {
      this.#isSoon = false
      this.#search()
    }, 500)
  }

  #search(): void {
    const wanted = this.#input.value.toLowerCase()
    const lines = wanted ? [...this.#box.querySelectorAll('.line')] : []
    const hits = lines.filter((line) => line.textContent.toLowerCase().includes(wanted))
    this.#places = hits.slice(0, mostMarked).flatMap((line) => placesIn(line, wanted))
    this.#mark()
    this.#found.textContent = wanted ? `${hits.length} ${hits.length === 1 ? 'line' : 'lines'}` : ''
  }

  #go(by: number): void {
    if (this.#places.length === 0) return
    this.#at = (this.#at + by + this.#places.length) % this.#places.length
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
