import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const project = path.join(import.meta.dirname, '../..')

/** Who may import whom, as docs/architecture.md says it. `types` may be imported as types only. */
const rules: Record<string, { values: string[]; types?: string[] }> = {
  contract: { values: [] },
  ports: { values: ['contract'] },
  workflows: { values: ['contract'], types: ['activities'] },
  activities: { values: ['contract', 'ports', 'plan'] },
  adapters: { values: ['contract', 'ports'] },
  plan: { values: ['contract'] },
  router: { values: ['contract'] },
  stack: { values: ['contract'] },
  server: { values: ['contract', 'ports', 'plan'], types: ['workflows'] },
  'server/main.ts': { values: ['contract', 'ports', 'plan', 'adapters', 'web'], types: ['workflows'] },
  cli: { values: ['contract', 'plan', 'stack'], types: ['server'] },
  web: { values: ['contract'], types: ['server'] },
  worker: { values: ['contract', 'ports', 'activities', 'adapters', 'workflows'] },
}
const parts = Object.keys(rules).filter((name) => !name.endsWith('.ts'))
const targets = [...parts, 'bench', 'examples', 'test']

/** Import statements, each on a line of one file, and whether the rules refuse it. */
interface Probe {
  file: string
  line: number
  statement: string
  refused: boolean
}

const probes: Probe[] = []
let reported: Set<string>
let folder: string

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'sluice-lint-'))
  cpSync(path.join(project, '.oxlintrc.json'), path.join(folder, '.oxlintrc.json'))
  for (const part of parts) {
    for (const file of ['probe.ts', 'deep/probe.ts', 'deep/deeper/probe.ts'])
      probeTargets(part, `${part}/${file}`)
  }
  probeTargets('server/main.ts', 'server/main.ts')
  probeWorkflows()
  // What lies beside an adapter is another adapter, even where it is called like a part.
  probe('adapters/readiness/probe.ts', [["import '../router/embedded/index.ts'", false]])
  probe('adapters/router/embedded/probe.ts', [
    ["import '../../runtime/index.ts'", false],
    ["import '../../../router/main.ts'", true],
  ])
  reported = lint()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function probeTargets(rule: string, file: string): void {
  const { values, types = [] } = rules[rule]!
  const own = file.split('/')[0]!
  const up = '../'.repeat(file.split('/').length - 1)
  const statements = targets
    .filter((target) => target !== own)
    .flatMap((target): [string, boolean][] => {
      const from = `'${up}${target}/x.ts'`
      const valueRefused = !values.includes(target)
      const typeRefused = valueRefused && !types.includes(target)
      return [
        [`import { a } from ${from}`, valueRefused],
        [`import { type A } from ${from}`, typeRefused],
        [`import type { A } from ${from}`, typeRefused],
        [`export { a } from ${from}`, valueRefused],
        [`export * from ${from}`, valueRefused],
        [`await import(${from})`, valueRefused],
      ]
    })
  probe(file, statements)
}

function probeWorkflows(): void {
  const schemas = schemaFiles()
  const contract = readdirSync(path.join(project, 'contract'))
  probe('workflows/packages.ts', [
    ["import { log } from '@temporalio/workflow'", false],
    ["import { ApplicationFailure } from '@temporalio/common'", false],
    ...['node:fs', 'node:crypto', 'fs', 'zod', '@hono/zod-openapi', 'pg', 'kysely', 'undici'].map(
      (name): [string, boolean] => [`import '${name}'`, true],
    ),
    ...['client', 'worker', 'activity', 'testing'].map((name): [string, boolean] => [
      `import '@temporalio/${name}'`,
      true,
    ]),
    ...contract.map((name): [string, boolean] => [
      `import { a } from '../contract/${name}'`,
      schemas.includes(name),
    ]),
    ...contract.map((name): [string, boolean] => [`import type { A } from '../contract/${name}'`, false]),
    ["import { b } from './lane.ts'", false],
  ])
}

/** Files of the contract that bring zod with them, directly or through another one's values. */
function schemaFiles(): string[] {
  const names = readdirSync(path.join(project, 'contract'))
  const imports = new Map(
    names.map((name) => {
      const text = readFileSync(path.join(project, 'contract', name), 'utf8')
      return [
        name,
        [...text.matchAll(/^(?:import|export) (?!type )[^'\n]*?from '([^']+)'/gm)].map((match) => match[1]!),
      ]
    }),
  )
  const carries = (name: string): boolean =>
    imports.get(name)!.some((from) => /zod/.test(from) || (from.startsWith('./') && carries(from.slice(2))))
  return names.filter(carries)
}

function probe(file: string, statements: [string, boolean][]): void {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
  // A name may be declared only once per file.
  const lines = statements.map(([statement], index) =>
    statement.replace(/\b([abA])(?= })/, `$1 as x${index}`),
  )
  writeFileSync(path.join(folder, file), lines.map((line) => `${line}\n`).join(''))
  statements.forEach(([statement, refused], index) =>
    probes.push({ file, line: index + 1, statement, refused }),
  )
}

/** `file:line` of everything that the import rules report. */
function lint(): Set<string> {
  const oxlint = path.join(project, 'node_modules/oxlint/bin/oxlint')
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [oxlint, '--disable-nested-config', '--format=unix'],
    {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 ** 2,
    },
  )
  if (!/\d+ problems/.test(stdout)) throw new Error(`oxlint did not run: ${stdout}${stderr}`)
  const lines = stdout.split('\n').filter((line) => line.includes('no-restricted-imports'))
  return new Set(lines.map((line) => line.split(':').slice(0, 2).join(':')))
}

const asText = (some: Probe[]) => some.map(({ file, statement }) => `${file}: ${statement}`)

describe('the import rules', () => {
  it('report every direction that is not allowed', () => {
    const refused = probes.filter((one) => one.refused)
    expect(refused.length).toBeGreaterThan(500)
    expect(asText(refused.filter(({ file, line }) => !reported.has(`${file}:${line}`)))).toEqual([])
  })

  it('report none that is allowed', () => {
    const allowed = probes.filter((one) => !one.refused)
    expect(allowed.length).toBeGreaterThan(200)
    expect(asText(allowed.filter(({ file, line }) => reported.has(`${file}:${line}`)))).toEqual([])
  })

  it('know every part of the project', () => {
    const known = new Set([...targets, 'bin', 'docs', 'node_modules', 'deploy'])
    const folders = readdirSync(project, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name)
    expect(folders.filter((name) => !known.has(name))).toEqual([])
  })
})
