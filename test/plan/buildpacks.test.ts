import { describe, expect, test } from 'vitest'
import { PlanError } from '../../contract/plan.ts'
import type { Config } from '../../contract/config.ts'
import { explain } from '../../plan/explain.ts'
import { plan, planWithCredentials } from '../../plan/index.ts'
import { treeOf } from './trees.ts'

const node = { 'package.json': JSON.stringify({ scripts: { start: 'node a.js', build: 'tsc' } }) }
const planOf = (files: Record<string, string>, variables = {}, config: Config = {}) =>
  plan(treeOf(files), config, variables)
const namesOf = (files: Record<string, string>, variables = {}, config: Config = {}) =>
  planOf(files, variables, config).packs?.map(({ name }) => name)

function failure(work: () => unknown): PlanError {
  try {
    work()
  } catch (error) {
    if (error instanceof PlanError) return error
    throw error
  }
  throw new Error('expected a PlanError')
}

const a = 'https://forge.test/a.git'
const b = 'https://forge.test/b.tgz'

describe('which buildpacks are used', () => {
  const files = { ...node, '.buildpacks': `${a}\n${b}#v1\n` }

  test('sluice.yaml comes before BUILDPACK_URL, that before BUILDPACK_NAME, that before .buildpacks', () => {
    expect(namesOf(files)).toEqual([a, b])
    const named = planOf(files, { BUILDPACK_NAME: 'nodejs' })
    expect(named.packs).toBeUndefined()
    expect(named.technology).toBe('node')
    expect(namesOf(files, { BUILDPACK_URL: b, BUILDPACK_NAME: 'nodejs' })).toEqual([b])
    expect(namesOf({ ...files, 'sluice.yaml': `buildpacks: [${a}]` }, { BUILDPACK_URL: b })).toEqual([a])
    expect(namesOf({ ...files, 'sluice.yaml': `environment: {BUILDPACK_URL: ${b}}` })).toEqual([b])
    expect(namesOf(files, { BUILDPACK_URL: 'https://github.com/Scalingo/multi-buildpack.git' })).toEqual([
      a,
      b,
    ])
  })

  test('a build command that is configured takes their place, with a warning', () => {
    const planned = planOf({ ...files, 'sluice.yaml': 'build: make' })
    expect(planned.packs).toBeUndefined()
    expect(planned.build?.command).toBe('make')
    expect(planned.warnings.join()).toContain('.buildpacks is not used')
  })

  test('a Procfile and sluice.yaml decide only how to start', () => {
    expect(planOf(files).start.command).toBe('')
    expect(planOf({ ...files, Procfile: 'web: mine' })).toMatchObject({
      start: { command: 'mine' },
      packs: [{ name: a }, { name: b, ref: 'v1' }],
    })
    expect(explain(planOf(files)).join('\n')).toContain(`buildpack 2, ${b}#v1`)
  })

  test('official names and urls mean the own detectors, and the reason says so', () => {
    for (const url of [
      'nodejs',
      'heroku/nodejs',
      'urn:buildpack:heroku/nodejs',
      'https://github.com/Scalingo/nodejs-buildpack',
      'https://github.com/Scalingo/nodejs-buildpack.git',
      'https://github.com/heroku/heroku-buildpack-nodejs',
    ]) {
      const planned = planOf(node, { BUILDPACK_URL: url })
      expect(planned.packs, url).toBeUndefined()
      expect(planned.reasons.join()).toContain('BUILDPACK_URL names nodejs')
    }
    // Whoever asks for one version gets that one.
    const pinned = 'https://github.com/Scalingo/nodejs-buildpack#v1'
    expect(namesOf(node, { BUILDPACK_URL: pinned })).toEqual(['https://github.com/Scalingo/nodejs-buildpack'])
  })

  test('several official ones build in their order, the last one starts', () => {
    const both = { ...node, 'go.mod': 'module x\ngo 1.22\n', 'main.go': 'package main', '.buildpacks': '' }
    const planned = planOf({ ...both, '.buildpacks': 'heroku/go\nheroku/nodejs\n' })
    expect(planned.technology).toBe('node')
    expect(planned.build?.command).toMatch(/go build.*&&.*build/)
  })

  test('PROJECT_DIR names the folder', () => {
    const planned = planOf({ 'apps/web/package.json': node['package.json'] }, { PROJECT_DIR: 'apps/web/' })
    expect(planned).toMatchObject({ root: 'apps/web', technology: 'node' })
    expect(failure(() => planOf(node, { PROJECT_DIR: '../x' })).code).toBe('ConfigInvalid')
  })
})

describe('what is refused', () => {
  test('an official one that does not recognise the source', () => {
    const error = failure(() => planOf(node, { BUILDPACK_NAME: 'ruby' }))
    expect(error).toMatchObject({ code: 'PackNotDetected', message: expect.stringContaining('ruby') })
  })

  test.for([
    '--upload-pack=touch',
    'ext::sh -c id',
    'http://forge.test/a',
    'git://forge.test/a',
    '../x',
    'heroku/cobol',
    'a\tb',
    'multi',
  ])('%j', (text) => {
    expect(failure(() => planOf(node, { BUILDPACK_URL: text })).code).toBe('ConfigInvalid')
  })

  test('a password in sluice.yaml; one in BUILDPACK_URL is in no plan', () => {
    const secret = 'https://ada:s3cret@forge.test/a.git'
    expect(failure(() => planOf({ ...node, 'sluice.yaml': `buildpacks: ["${secret}"]` })).code).toBe(
      'ConfigInvalid',
    )
    const planned = planWithCredentials(treeOf(node), {}, { BUILDPACK_URL: `${secret}#main` })
    expect(planned.credentials).toEqual([{ username: 'ada', password: 's3cret' }])
    expect(JSON.stringify(planned.plan)).not.toContain('s3cret')
    expect(planned.plan.packs).toMatchObject([{ url: 'https://forge.test/a.git', ref: 'main' }])
  })
})
