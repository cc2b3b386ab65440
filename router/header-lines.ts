/** Where the line that begins at `from` ends: at its CRLF, or at the end of the text. */
export function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\r\n', from)
  return end === -1 ? text.length : end
}

/** What stands between the two places, without the blanks around it. */
export function valueIn(text: string, from: number, to: number): string {
  while (from < to && isBlank(text.charCodeAt(from))) from++
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

const isBlank = (code: number): boolean => code === 32 || code === 9

/** Each with its CRLF, from names and values in turn. */
export function linesOf(headers: string[]): string {
  let lines = ''
  for (let i = 0; i < headers.length; i += 2) lines += `${headers[i]}: ${headers[i + 1]}\r\n`
  return lines
}

/** Names and values in turn, from lines that each have their CRLF. */
export function headersIn(lines: string): string[] {
  const headers: string[] = []
  for (let at = 0, end: number; at < lines.length; at = end + 2) {
    end = endOfLine(lines, at)
    const colon = lines.indexOf(':', at)
    headers.push(lines.slice(at, colon), valueIn(lines, colon + 1, end))
  }
  return headers
}
