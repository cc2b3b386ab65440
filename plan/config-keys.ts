import { configSchema } from '../contract/config.ts'

/** The keys that `sluice.yaml` knows, by the pointer of the object that holds them. */
const keysAt: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(configSchema.shape),
  '/hooks': Object.keys(configSchema.shape.hooks.unwrap().shape),
  '/hooks/migrate': ['run', 'repeatable', 'check'],
  '/health': Object.keys(configSchema.shape.health.unwrap().shape),
  '/limits': Object.keys(configSchema.shape.limits.unwrap().shape),
  '/buildLimits': Object.keys(configSchema.shape.buildLimits.unwrap().shape),
  '/static': Object.keys(configSchema.shape.static.unwrap().shape),
}

/** What users of the others write for the same thing. */
const otherNames: Readonly<Record<string, string>> = {
  env: 'environment',
  envs: 'environment',
  variables: 'environment',
  required: 'requires',
  run: 'start',
  cmd: 'start',
  command: 'start',
  web: 'start',
  release: 'hooks.migrate',
  postdeploy: 'hooks.migrate',
  timeout: 'bootTimeout',
  healthcheck: 'health.path',
  mem: 'limits.memory',
  pids: 'limits.processes',
  nofile: 'limits.openFiles',
  dir: 'root',
  directory: 'root',
}

/** The key that was probably meant by an unknown one, as it would be written in the file. */
export function nearestKey(pointer: string, key: string): string | undefined {
  const word = simple(key).slice(0, 64)
  if (word === '') return undefined
  const here = keysAt[pointer] ?? []
  const close = closest(word, here)
  if (close !== undefined) return pointer === '' ? close : dotted(pointer, close)
  if (Object.hasOwn(otherNames, word)) return otherNames[word]
  for (const [place, keys] of Object.entries(keysAt)) {
    const elsewhere = closest(word, keys)
    if (elsewhere !== undefined) return place === '' ? elsewhere : dotted(place, elsewhere)
  }
  return undefined
}

const dotted = (pointer: string, key: string): string => `${pointer.slice(1).replaceAll('/', '.')}.${key}`

const simple = (key: string): string => key.toLowerCase().replaceAll(/[^a-z]/g, '')

function closest(word: string, keys: readonly string[]): string | undefined {
  const ranked = keys
    .map((key) => ({ key, distance: editDistance(word, simple(key)) }))
    .filter(({ key, distance }) => distance <= Math.max(1, Math.floor(key.length / 3)))
  return ranked.toSorted((a, b) => a.distance - b.distance)[0]?.key
}

/** Levenshtein, with two swapped letters as one edit; both words are short. */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const changed = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before[j - 2]! + 1 : Infinity
      next.push(Math.min(changed, swapped, row[j]! + 1, next[j - 1]! + 1))
    }
    before = row
    row = next
  }
  return row[b.length]!
}
