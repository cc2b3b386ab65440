import type { Mask } from '../../ports/secrets.ts'
import { buildAutomaton } from './automaton.ts'
import { leakForms } from './leak-forms.ts'

const shown = '***'
/** Characters kept back at most: what is longer is looked for in pieces of this length. */
const longestPiece = 256

/** See `Secrets.mask`. Linear in the text, whatever the values are. */
export function createMask(values: readonly string[]): Mask {
  const pieces = [...new Set(leakForms(values).flatMap(cut))]
  if (pieces.length === 0) return { push: (text) => text, flush: () => '' }
  const automaton = buildAutomaton(pieces)
  let state = 0
  /** Not shown yet; ends with the last character that was pushed. */
  let held = ''
  /** Parts of `held` to hide, in order, disjoint. */
  let hidden: [start: number, end: number][] = []
  let endsHidden = false

  const scan = (text: string, offset: number) => {
    for (let at = 0; at < text.length; at++) {
      state = automaton.next(state, text.charCodeAt(at))
      const length = automaton.matched(state)
      if (length > 0) hide(offset + at + 1 - length, offset + at + 1)
    }
  }

  const hide = (start: number, end: number) => {
    let from = start
    for (let last = hidden.at(-1); last && last[1] >= from; last = hidden.at(-1)) {
      from = Math.min(from, last[0])
      hidden.pop()
    }
    hidden.push([from, end])
  }

  /** Shows `held` up to `until`; adjoining secrets become one mark. */
  const show = (until: number): string => {
    let result = ''
    let position = 0
    for (const [start, end] of hidden) {
      if (start >= until) break
      if (start > position) result += held.slice(position, start)
      if (start > position || !endsHidden) result += shown
      endsHidden = true
      position = Math.min(end, until)
    }
    if (position < until) {
      result += held.slice(position, until)
      endsHidden = false
    }
    held = held.slice(until)
    hidden = hidden
      .filter(([, end]) => end > until)
      .map(([start, end]) => [Math.max(0, start - until), end - until])
    return result
  }

  return {
    push(text) {
      const offset = held.length
      held += text
      scan(text, offset)
      return show(wholeCharacters(held, held.length - automaton.depth(state)))
    },
    flush() {
      state = 0
      return show(held.length)
    },
  }
}

function cut(form: string): string[] {
  if (form.length <= longestPiece) return [form]
  const pieces = Array.from({ length: Math.floor(form.length / longestPiece) }, (_, index) =>
    form.slice(index * longestPiece, (index + 1) * longestPiece),
  )
  // Overlaps, because a short rest might be an ordinary word.
  return [...pieces, form.slice(-longestPiece)]
}

/** Never ends between the two halves of a surrogate pair: what is shown may be encoded on its own. */
function wholeCharacters(text: string, until: number): number {
  const code = text.charCodeAt(until - 1)
  return code >= 0xd800 && code <= 0xdbff ? until - 1 : until
}
