import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { readable, tailOf } from '../../adapters/process/output-tail.ts'
import { testHost } from './host.ts'

test('the end of a file is valid text that begins with a whole line', async () => {
  const { home } = await testHost()
  const file = path.join(home, 'output')
  await writeFile(file, `${'x'.repeat(100)}\nfirst\nlast é\n`)
  expect(await tailOf(file, 17)).toBe('first\nlast é\n')
  expect(await tailOf(path.join(home, 'absent'), 10)).toBe('')
})

test('a cut inside of a character shows no half of it', () => {
  expect(readable(Buffer.from('é!').subarray(1), true)).toBe('!')
  expect(readable(Buffer.from([0xff, 0x41]))).toBe('\uFFFDA')
})

test('NUL, which PostgreSQL and terminals do not take, is left out', () => {
  expect(readable(Buffer.from('a\0b\n'))).toBe('ab\n')
})

test('of a progress bar the last state is shown', () => {
  expect(readable(Buffer.from('10%\r50%\r100%\r\ndone\r\n'))).toBe('100%\ndone\n')
})
