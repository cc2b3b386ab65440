import { isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import type { Document } from 'yaml'
import { configSchema } from '../contract/config.ts'
import type { Config } from '../contract/config.ts'
import { PlanError } from '../contract/plan.ts'
import { nearestKey } from './config-keys.ts'
import type { Folder } from './folder.ts'

const sizeLimit = 64 * 1024
/** Real files use no alias or a few; a bomb needs many. */
const aliasLimit = 50

type Detail = PlanError['details'][number]

/** @throws PlanError ConfigInvalid, with one detail per field that does not fit. */
export function readSluiceYaml(
  folder: Folder,
): { config: Config; file: string; warnings: string[] } | undefined {
  const file = folder.first('sluice.yaml', 'sluice.yml')
  if (file === undefined) return undefined
  const warnings =
    folder.has('sluice.yml') && file === 'sluice.yaml'
      ? ['sluice.yaml and sluice.yml both exist: sluice.yaml is used.']
      : []
  return { config: parseSluiceYaml(folder.text(file) ?? '', file), file, warnings }
}

export function parseSluiceYaml(text: string, file = 'sluice.yaml'): Config {
  if (text.length > sizeLimit)
    throw invalid(file, [{ pointer: '', message: 'the file is larger than 64 KiB' }])
  const lines = new LineCounter()
  const { document, value } = load(text, file, lines)
  const result = configSchema.safeParse(value ?? {})
  if (result.success) return result.data
  const details = result.error.issues.flatMap((problem) => detailsOf(problem, document, lines))
  throw invalid(file, details)
}

function load(text: string, file: string, lines: LineCounter): { document: Document; value: unknown } {
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
    if (document.errors.length > 0) {
      throw invalid(
        file,
        document.errors.slice(0, 10).map((error) => ({
          pointer: '',
          message: `${lineOf(lines, error.pos[0])}${oneLine(error.message)}`,
        })),
      )
    }
    return { document, value: document.toJS({ maxAliasCount: aliasLimit }) as unknown }
  } catch (error) {
    if (error instanceof PlanError) throw error
    // The parser throws on alias bombs, aliases of nothing, and on nesting deeper than its stack.
    const reason = error instanceof RangeError ? 'nested too deeply' : oneLine((error as Error).message)
    throw invalid(file, [{ pointer: '', message: reason }])
  }
}

interface SchemaProblem {
  code?: string | undefined
  path: PropertyKey[]
  message: string
  /** Of a choice: what each of them finds wrong. */
  errors?: SchemaProblem[][]
}

function detailsOf(problem: SchemaProblem, document: Document, lines: LineCounter): Detail[] {
  const at = pointerOf(problem.path)
  const meant = problem.errors?.find((inner) =>
    inner.every(({ path, code }) => path.length > 0 || code !== 'invalid_type'),
  )
  if (meant) {
    const inside = meant.map((inner) => ({ ...inner, path: [...problem.path, ...inner.path] }))
    return inside.flatMap((inner) => detailsOf(inner, document, lines))
  }
  if (problem.code === 'unrecognized_keys') {
    return (problem as SchemaProblem & { keys: string[] }).keys.slice(0, 20).map((key) => {
      const near = nearestKey(at, key)
      const hint = near === undefined ? '' : `; did you mean ${near}?`
      const where = lineOf(lines, positionOf(document, [...problem.path, key]))
      return { pointer: pointerOf([...problem.path, key]), message: `${where}unknown key${hint}` }
    })
  }
  const where = lineOf(lines, positionOf(document, problem.path))
  return [{ pointer: at, message: `${where}${problem.message}` }]
}

const pointerOf = (path: PropertyKey[]): string =>
  path.map((part) => `/${String(part).slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

/** Where the key (or, failing that, the nearest parent of it) stands in the text. */
function positionOf(document: Document, path: PropertyKey[]): number | undefined {
  let node: unknown = document.contents
  let position: number | undefined
  for (const part of path) {
    if (!isMap(node)) break
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part))
    if (!pair) break
    position = (isScalar(pair.key) ? pair.key.range?.[0] : undefined) ?? position
    node = pair.value
  }
  return position
}

const lineOf = (lines: LineCounter, position: number | undefined): string =>
  position === undefined ? '' : `line ${lines.linePos(position).line}: `

const oneLine = (text: string): string => text.split('\n', 1)[0]!.slice(0, 300)

function invalid(file: string, details: Detail[]): PlanError {
  const list = details.map(({ pointer, message }) => (pointer === '' ? message : `${pointer}: ${message}`))
  return new PlanError('ConfigInvalid', `${file} cannot be used: ${list.join('; ')}`, details)
}
