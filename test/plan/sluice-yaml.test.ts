import path from 'node:path'
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { configJsonSchema } from '../../contract/config-json-schema.ts'
import { configSchema } from '../../contract/config.ts'
import { PlanError } from '../../contract/plan.ts'
import { nearestKey } from '../../plan/config-keys.ts'
import { parseSluiceYaml } from '../../plan/sluice-yaml.ts'

function invalid(text: string): PlanError {
  try {
    parseSluiceYaml(text)
  } catch (error) {
    if (error instanceof PlanError && error.code === 'ConfigInvalid') return error
    throw error
  }
  throw new Error('expected ConfigInvalid')
}

test('an empty file is an empty configuration', () => {
  expect(parseSluiceYaml('')).toEqual({})
  expect(parseSluiceYaml('# only a comment\n')).toEqual({})
})

test('every field that does not fit is named with its pointer and line', () => {
  expect(invalid('start: 3\nhooks:\n  migrate: ""\nbootTimeout: soon\n').details).toEqual([
    { pointer: '/start', message: expect.stringMatching(/^line 1: .*string/) },
    { pointer: '/hooks/migrate', message: expect.stringMatching(/^line 3: /) },
    {
      pointer: '/bootTimeout',
      message: 'line 4: must be seconds as a number, or text such as 90s, 5m or 1h',
    },
  ])
})

test.each([
  ['strat: x', 'start'],
  ['boot_timeout: 3', 'bootTimeout'],
  ['env: {}', 'environment'],
  ['migrate: x', 'hooks.migrate'],
  ['release: x', 'hooks.migrate'],
  ['hooks: {migrate: {run: x, repeatabel: true}}', 'hooks.migrate.repeatable'],
])('%s asks whether another key was meant', (text, near) => {
  expect(invalid(text).message).toContain(`did you mean ${near}?`)
})

test('a key of nothing near gets no guess', () => {
  expect(nearestKey('', 'zzzzzz')).toBeUndefined()
  expect(nearestKey('', 'constructor')).toBeUndefined()
  expect(nearestKey('/hooks', 'migarte')).toBe('hooks.migrate')
  expect(nearestKey('/hooks/migrate', 'chekc')).toBe('hooks.migrate.check')
})

test('a migration hook is a command, or says more; what is wrong inside is named', () => {
  const hook = { run: 'x', check: 'y' }
  expect(parseSluiceYaml('hooks: {migrate: {run: x, check: y}}').hooks?.migrate).toEqual(hook)
  expect(invalid('hooks:\n  migrate:\n    run: x\n    repeatable: maybe\n').details).toEqual([
    { pointer: '/hooks/migrate/repeatable', message: expect.stringMatching(/^line 4: .*boolean/) },
  ])
  expect(invalid('hooks: {migrate: 3}').message).toContain('must be a command, or an object with run')
  expect(invalid('hooks: {migrate: {check: y}}').details).toMatchObject([{ pointer: '/hooks/migrate/run' }])
})

describe('hostile files', () => {
  test('an alias bomb ends quickly', () => {
    const rows = Array.from(
      { length: 20 },
      (_, at) =>
        `a${at}: &a${at} [${Array(9)
          .fill(at === 0 ? 'x' : `*a${at - 1}`)
          .join(', ')}]`,
    )
    const before = performance.now()
    expect(invalid(rows.join('\n')).message).toMatch(/alias/i)
    expect(performance.now() - before).toBeLessThan(1000)
  })

  test.each([
    ['nesting', '['.repeat(30_000)],
    ['size', `start: ${'x'.repeat(70_000)}`],
    ['a list', '- a\n- b'],
    ['a string', 'hello'],
    ['two documents', 'start: a\n---\nstart: b'],
    ['a key twice', 'start: a\nstart: b'],
    ['broken text', 'start: "a'],
    ['an alias of nothing', 'start: *gone'],
    ['a parent folder', 'root: ../x'],
    ['a NUL', 'start: "a\\0b"'],
  ])('%s is refused', (_, text) => expect(invalid(text).code).toBe('ConfigInvalid'))

  test('__proto__ reaches nobody', () => {
    for (const text of [
      '__proto__: {start: evil}',
      'environment: {__proto__: {a: b}}',
      'environment: {__proto__: x}',
    ]) {
      try {
        expect(parseSluiceYaml(text).start).toBeUndefined()
      } catch (error) {
        expect(error).toBeInstanceOf(PlanError)
      }
    }
    expect(({} as Record<string, unknown>)['start']).toBeUndefined()
    expect(({} as Record<string, unknown>)['a']).toBeUndefined()
  })
})

describe('JSON Schema for editors', () => {
  const schema = configJsonSchema() as {
    $id: string
    title: string
    additionalProperties: boolean
    properties: Record<string, any>
  }

  test('is published in docs as it is', async () => {
    const published = path.join(import.meta.dirname, '..', '..', 'docs', 'sluice-yaml.schema.json')
    // `-u` writes it anew.
    await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot(published)
  })

  test('has the keys of the schema and no others', () => {
    expect(Object.keys(schema.properties)).toEqual(Object.keys(configSchema.shape))
    expect(schema).toMatchObject({ title: 'sluice.yaml', additionalProperties: false, type: 'object' })
  })

  test('describes what is written, not what it becomes', () => {
    const [seconds, text] = schema.properties['drain'].anyOf
    expect(seconds).toEqual({ type: 'number', minimum: 0 })
    for (const [sample, fits] of [
      ['90s', true],
      ['5m', true],
      ['5 minutes', false],
    ] as const) {
      expect(new RegExp(text.pattern).test(sample)).toBe(fits)
      expect(configSchema.safeParse({ drain: sample }).success).toBe(fits)
    }
  })
})

describe('the guide', () => {
  test('names every key, and its example is valid', async () => {
    const guide = await readFile(new URL('../../docs/guides/sluice-yaml.md', import.meta.url), 'utf8')
    const nested = (['hooks', 'health', 'static'] as const).flatMap((key) =>
      Object.keys(configSchema.shape[key].unwrap().shape).map((inner) => `${key}.${inner}`),
    )
    const missing = [...Object.keys(configSchema.shape), ...nested].filter(
      (key) => !guide.includes(`\`${key}\``),
    )
    expect(missing).toEqual([])
    const example = /```yaml\n([\s\S]*?)```/.exec(guide)![1]!
    expect(Object.keys(parseSluiceYaml(example)).length).toBeGreaterThan(5)
  })
})
