import type { RunLine } from '../../contract/run.ts'
import { spansOf } from '../log/ansi.ts'

/** Puts the line into its element: text nodes, and spans with a class, for whatever a line holds is text. */
export function fillLine(element: HTMLElement, { seq, text }: RunLine): void {
  element.id = `L${seq}`
  element.dataset['n'] = String(seq)
  const shown = text.endsWith('\r') ? text.slice(0, -1) : text
  if (isPlain(shown)) element.textContent = shown
  else element.replaceChildren(...nodesOf(shown))
}

/** Most lines are: nothing in them that a terminal would act upon. */
const isPlain = (text: string): boolean => !/[^\t\u0020-\u007e\u00a0-\uffff]/.test(text)

function nodesOf(text: string): Node[] {
  return spansOf(text).map(({ text: part, style }) => {
    if (!style) return document.createTextNode(part)
    const span = document.createElement('span')
    span.className = style
    span.textContent = part
    return span
  })
}
