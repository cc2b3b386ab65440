/* oxlint-disable no-control-regex -- control characters are what this is about */

/** A piece of a line that looks the same; `style` is class names of the style sheet. */
export interface Span {
  text: string
  style: string
}

/** Colours (captured), titles and clipboard (OSC), other sequences, a lone escape, and other control characters. */
const sequences =
  /\u001b\[([\d;:]*)m|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\|$)|\u001b[P^_X][^\u001b]*(?:\u001b\\|$)|\u001b\[[0-?]*[ -/]*[@-~]?|\u001b[ -/]*[0-~]?|[\u0000-\u0008\u000a-\u001a\u001c-\u001f\u007f-\u009f]/g

interface Look {
  foreground: string
  background: string
  marks: Set<string>
}

/** A line of a log as what it shows: colours are kept, whatever else acts on a terminal is dropped. */
export function spansOf(line: string): Span[] {
  const spans: Span[] = []
  const look: Look = { foreground: '', background: '', marks: new Set() }
  let at = 0
  const add = (text: string) => {
    if (text === '') return
    const style = [look.foreground, look.background, ...look.marks].filter(Boolean).join(' ')
    const last = spans.at(-1)
    if (last?.style === style) last.text += text
    else spans.push({ text, style })
  }
  for (const found of line.matchAll(sequences)) {
    add(line.slice(at, found.index))
    at = found.index + found[0].length
    if (found[1] !== undefined) paint(look, found[1])
  }
  add(line.slice(at))
  return spans
}

const marks: Record<number, string> = { 1: 'bold', 2: 'dim', 3: 'italic', 4: 'underline', 9: 'strike' }

function paint(look: Look, codes: string): void {
  const numbers = codes.split(/[;:]/).map(Number)
  for (let code = numbers.shift(); code !== undefined; code = numbers.shift()) {
    if (code === 0) Object.assign(look, { foreground: '', background: '', marks: new Set() })
    else if (marks[code]) look.marks.add(marks[code] ?? '')
    else if (code === 22) ['bold', 'dim'].forEach((mark) => look.marks.delete(mark))
    else if (marks[code - 20]) look.marks.delete(marks[code - 20] ?? '')
    else if (code === 38) look.foreground = named('fg', longColour(numbers))
    else if (code === 48) look.background = named('bg', longColour(numbers))
    else if (code === 39) look.foreground = ''
    else if (code === 49) look.background = ''
    else paintShort(look, code)
  }
}

function paintShort(look: Look, code: number): void {
  if (code >= 30 && code <= 37) look.foreground = named('fg', code - 30)
  else if (code >= 90 && code <= 97) look.foreground = named('fg', code - 82)
  else if (code >= 40 && code <= 47) look.background = named('bg', code - 40)
  else if (code >= 100 && code <= 107) look.background = named('bg', code - 92)
}

const named = (what: 'fg' | 'bg', colour: number | undefined) =>
  colour === undefined ? '' : `${what}${colour}`

/** `5;n` of 256 colours, or `2;r;g;b`: the nearest of the sixteen, which suit a light and a dark page. */
function longColour(numbers: number[]): number | undefined {
  const kind = numbers.shift()
  if (kind === 2) return nearest(numbers.splice(0, 3))
  const index = kind === 5 ? numbers.shift() : undefined
  if (index === undefined || index < 16) return index
  if (index >= 232) return nearest(Array.from({ length: 3 }, () => (index - 232) * 10 + 8))
  const cube = index - 16
  return nearest([Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((part) => part * 51))
}

/** Bits red, green, blue as the basic colours have them, and 8 where it is bright. */
function nearest([red = 0, green = 0, blue = 0]: number[]): number {
  const brightest = Math.max(red, green, blue)
  const threshold = brightest * 0.6
  const bits = Number(red > threshold) + 2 * Number(green > threshold) + 4 * Number(blue > threshold)
  if (brightest < 64) return 8
  return brightest > 200 ? bits + 8 : bits
}
