import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'

/** Characters; a longer line is handed on in pieces. */
const longest = 64 * 1024

/** Calls back with each line of a stream, the last one too if it does not end in a newline. */
export function eachLine(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line)
    if (rest.length > longest) {
      onLine(rest)
      rest = ''
    }
  })
  stream.on('end', () => {
    if (rest !== '') onLine(rest)
  })
  stream.on('error', () => {})
}
