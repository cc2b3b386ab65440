import type { Detection } from './detection.ts'
import type { Folder } from './folder.ts'
import type { Procfile } from './procfile.ts'

/** Files that name a technology which no detector plans for yet. */
const others: readonly [file: string, technology: string][] = [
  ['requirements.txt', 'Python'],
  ['pyproject.toml', 'Python'],
  ['Pipfile', 'Python'],
  ['go.mod', 'Go'],
  ['Cargo.toml', 'Rust'],
  ['pom.xml', 'Java'],
  ['build.gradle', 'Java'],
  ['composer.json', 'PHP'],
  ['Gemfile', 'Ruby'],
  ['mix.exs', 'Elixir'],
  ['deno.json', 'Deno'],
  ['Dockerfile', 'a container image'],
]

/** What was found, what is missing, and what to do about it. */
export function whyNoPlan(
  folder: Folder,
  detection: Detection | undefined,
  procfile: Procfile | undefined,
): string {
  return `${whatIsMissing(folder, detection)}${procfile ? ' The Procfile has no web: line.' : ''} ${whatToDo(folder)}`
}

function whatIsMissing(folder: Folder, detection: Detection | undefined): string {
  if (detection)
    return `This looks like ${detection.technology}, but nothing says how to start it: ${detection.noStart}.`
  const known = others.find(([file]) => folder.has(file))
  if (known) return `${known[0]} points to ${known[1]}, for which there is no plan by itself.`
  if (folder.paths().length === 0) return 'The source is empty.'
  return 'No package.json, index.html or Procfile was found.'
}

function whatToDo(folder: Folder): string {
  const below = folder
    .paths()
    .filter((path) => /^[^/]+\/(?:[^/]+\/)?(?:package\.json|Procfile|index\.html)$/.test(path))
    .map((path) => path.slice(0, path.lastIndexOf('/')))
  const folders = [...new Set(below)].slice(0, 5)
  const start = 'Add a Procfile with a web: line, or a sluice.yaml with start:.'
  return folders.length === 0
    ? start
    : `${start} If the service is in a folder, set root to it: ${folders.join(', ')}.`
}
