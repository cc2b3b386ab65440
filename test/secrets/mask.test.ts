import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMask } from '../../adapters/secrets/mask.ts'

const masked = (secrets: string[], ...chunks: string[]) => {
  const mask = createMask(secrets)
  return chunks.map((chunk) => mask.push(chunk)).join('') + mask.flush()
}
const secret = 'p@ss/wörd "1"!'

test.each([
  ['raw', secret],
  ['base64', Buffer.from(secret).toString('base64')],
  ['base64url', Buffer.from(secret).toString('base64url')],
  ['url', encodeURIComponent(secret)],
  ['form', new URLSearchParams({ a: secret }).toString().slice(2)],
  ['json', JSON.stringify(secret).slice(1, -1)],
])('the %s form is masked, wherever the text is cut', (_form, leaked) => {
  const text = `before ${leaked} after`
  for (let at = 0; at <= text.length; at++) {
    expect(masked([secret], text.slice(0, at), text.slice(at))).toBe('before *** after')
  }
})

test.each([0, 1, 2, 3, 4])('base64 of a text that holds it after %i bytes does not reveal it', (before) => {
  for (const after of ['', 'x', 'yz']) {
    const plain = 'h'.repeat(before) + 'correct horse battery' + after
    const shown = masked(['correct horse battery'], Buffer.from(plain).toString('base64'))
    expect(shown).toContain('***')
    expect(Buffer.from(shown.replaceAll('***', ''), 'base64').toString()).not.toMatch(/horse|attery/)
  }
})

test('the password of a url is masked on its own too', () => {
  expect(masked(['postgres://shop:s3cr%40t-pw@db/shop'], 'user shop, s3cr@t-pw and s3cr%40t-pw')).toBe(
    'user shop, *** and ***',
  )
})

test('each line of a key is masked, indented or with other line ends', () => {
  const key = '-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\nabc\n-----END KEY-----\n'
  const text = `  MIIEvQIBADANBg\r\n  kqhkiG9w0BAQEF\r\n`
  expect(masked([key], text)).toBe('  ***\r\n  ***\r\n')
  expect(masked([key], `x${key}y`)).toBe('x***y')
})

test('values under 6 characters are left alone', () => {
  expect(masked(['true', '12345', ''], 'true 12345')).toBe('true 12345')
})

test('adjoining and overlapping secrets become one mark', () => {
  expect(masked(['abcdef', 'defghi'], 'abcdefghi')).toBe('***')
  expect(masked(['abcdef'], 'abcdefabcdef', 'abc', 'def', '!')).toBe('***!')
  expect(masked(['abcdef', 'abcdefgh'], 'abcdefgh abcdefg')).toBe('*** ***g')
})

test('what cannot become a secret any more is shown at once', () => {
  const mask = createMask(['secret-value'])
  expect(mask.push('progress 10%')).toBe('progress 10%')
  expect(mask.push(' sec')).toBe(' ')
  expect(mask.push('ond')).toBe('second')
})

test('at most 256 characters are kept back, however long the value', () => {
  const long = Array.from({ length: 9000 }, (_, index) => index.toString(36)).join('.')
  const mask = createMask([long])
  let pushed = 0
  let shown = 0
  for (const char of `${long.slice(0, 20_000)}x`) {
    pushed++
    shown += mask.push(char) === '' ? 0 : 1
  }
  expect(pushed).toBe(20_001)
  expect(mask.flush().length).toBeLessThanOrEqual(256)
  expect(shown).toBeLessThan(300)
  expect(masked([long], `a ${long} b`)).toBe('a *** b')
})

test('surrogate pairs are never torn apart', () => {
  const mask = createMask(['\ude00secret'])
  const shown = [mask.push('😀'), mask.push('x'), mask.flush()]
  expect(shown.every((part) => part.isWellFormed())).toBe(true)
  expect(shown.join('')).toBe('😀x')
})

test('whatever is pushed in whatever pieces, no secret is shown and everything else is', () => {
  const alphabet = fc.constantFrom('a', 'b', 'c')
  const word = fc.string({ unit: alphabet, minLength: 6, maxLength: 9 })
  const chunks = fc.array(fc.oneof(fc.string({ unit: alphabet, maxLength: 12 }), word), { maxLength: 20 })
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), chunks, (secrets, parts) => {
      expect(masked(secrets, ...parts)).toBe(expected(secrets, parts.join('')))
    }),
    { numRuns: 500 },
  )
})

/** The slow, obvious way. The letters are such that no encoded form can occur. */
function expected(secrets: string[], text: string): string {
  const hidden = Array<boolean>(text.length).fill(false)
  for (const word of secrets) {
    for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1))
      hidden.fill(true, at, at + word.length)
  }
  return text
    .split('')
    .map((char, at) => (!hidden[at] ? char : hidden[at - 1] ? '' : '***'))
    .join('')
}

test('a text made to be slow takes no more steps per character than any other', () => {
  // Every position is almost a match: a search that starts anew at each would need 5 * 10^10 steps.
  const nearly = 'a'.repeat(255)
  const secrets = [`${nearly}b`, `${'a'.repeat(99_999)}b`]
  expect(masked(secrets, 'a'.repeat(200_000)).replaceAll('***', '')).toBe('')
  expect(masked([`${nearly}b`], 'a'.repeat(500_000))).toBe('a'.repeat(500_000))
})
