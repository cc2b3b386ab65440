import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type OutputLine, OutputLines } from '../../adapters/builder/native/output-lines.ts'

function cut(text: string | Buffer, sizes: number[] = [], longest = 16): OutputLine[] {
  const lines = new OutputLines(0, { longest })
  const bytes = Buffer.from(text as string)
  const found: OutputLine[] = []
  let offset = 0
  for (const size of [...sizes, bytes.length]) {
    const chunk = bytes.subarray(offset, offset + size)
    if (chunk.length > 0) found.push(...lines.push(chunk, offset))
    offset += chunk.length
  }
  return [...found, ...lines.end()]
}
const shown = (lines: OutputLine[]) => lines.map(({ kind, bytes }) => `${kind} ${bytes.toString()}`)

test('lines end at a newline, with or without a carriage return', () => {
  expect(shown(cut('a\nb\r\n\nlast'))).toEqual(['line a', 'line b', 'line ', 'line last'])
})

test('a bar that is drawn over is told from lines', () => {
  expect(shown(cut('10%\r20%\r\rdone\n\r30%\r'))).toEqual([
    'progress 10%',
    'progress 20%',
    'line done',
    'line 30%',
  ])
})

test('what is too long for a line comes in parts of whole characters', () => {
  expect(shown(cut(`${'x'.repeat(15)}éé${'y'.repeat(16)}\nz`))).toEqual([
    `part ${'x'.repeat(15)}`,
    `part éé${'y'.repeat(12)}`,
    'line yyyy',
    'line z',
  ])
})

test('however the output arrives, the lines are the same and cover each byte once', () => {
  const piece = fc.constantFrom('a', 'é', '\n', '\r', '\r\n', 'x'.repeat(20), '\0', '😀')
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 30 }),
      fc.array(fc.nat(9), { maxLength: 60 }),
      (pieces, sizes) => {
        const text = pieces.join('')
        const whole = cut(text)
        expect(cut(text, sizes)).toEqual(whole)
        let position = 0
        for (const { start, end } of whole) {
          expect(start).toBeGreaterThanOrEqual(position)
          position = end
        }
        expect(position).toBeLessThanOrEqual(Buffer.byteLength(text))
      },
    ),
    {
      numRuns: 2_000,
      examples: [
        [
          ['😀', 'a', 'x'.repeat(20), '😀', '😀'],
          [6, 7, 9, 9, 1],
        ],
      ],
    },
  )
})

test('bytes that are missing show as a gap up to the next whole line', () => {
  const lines = new OutputLines(0)
  expect(shown(lines.push(Buffer.from('one\ntw'), 0))).toEqual(['line one'])
  const after = lines.push(Buffer.from('half\nnext\n'), 100)
  expect(after.map(({ kind, start, end }) => [kind, start, end])).toEqual([
    ['line', 4, 6],
    ['gap', 6, 100],
    ['gap', 100, 105],
    ['line', 105, 110],
  ])
})
