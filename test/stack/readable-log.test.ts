import pc from 'picocolors'
import { expect, test } from 'vitest'
import { readableLine } from '../../stack/readable-log.ts'

const plain = pc.createColors(false)
const colored = pc.createColors(true)
const noon = new Date(2026, 0, 31, 12, 0, 1)
const show = (line: string) => readableLine('agent', line, plain, noon)

test('a JSON line becomes time, part, text and fields', () => {
  const line = {
    level: 30,
    time: noon.toISOString(),
    part: 'agent',
    pid: 7,
    msg: 'restored',
    instances: 3,
    port: '20001',
  }
  expect(show(JSON.stringify(line))).toBe('12:00:01 agent     restored instances=3 port=20001')
})

test("the router's lines, with `event` instead of `msg`, read the same", () => {
  expect(
    show(
      JSON.stringify({ time: noon.toISOString(), pid: 7, event: 'route changed', route: 'shop/production' }),
    ),
  ).toBe('12:00:01 agent     route changed route=shop/production')
})

test('a line that is not JSON is shown as it is', () => {
  expect(show('Error: boom')).toBe('12:00:01 agent     Error: boom')
  expect(show('{half a line')).toBe('12:00:01 agent     {half a line')
})

test('values with spaces are quoted, nested ones are JSON', () => {
  expect(show(JSON.stringify({ msg: 'x', a: 'two words', b: { c: 1 } }))).toMatch(
    /x a="two words" b=\{"c":1\}$/,
  )
})

test('escape sequences in a logged text do not reach the terminal', () => {
  const evil = '\u001b]52;c;ZXZpbA==\u0007\u001b[2Jhello\r\nworld'
  for (const line of [JSON.stringify({ msg: evil, field: evil }), evil]) {
    // oxlint-disable-next-line no-control-regex -- control characters are what this is about
    expect(show(line)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f]/)
  }
})

test('errors and warnings are coloured on a terminal only', () => {
  const line = JSON.stringify({ level: 50, msg: 'boom' })
  expect(readableLine('agent', line, colored, noon)).toContain(colored.red('boom'))
  expect(show(line)).toMatch(/boom$/)
})
