import type { Detection } from './detection.ts'
import type { Folder } from './folder.ts'
import type { Procfile } from './procfile.ts'

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
  if (folder.has('Dockerfile'))
    return 'There is a Dockerfile and nothing else to go by: a container image needs the container runtime.'
  if (folder.paths().length === 0) return 'The source is empty.'
  return 'No technology was recognised: there is no package.json, requirements.txt, go.mod, index.html or the like, and no Procfile.'
}

function whatToDo(folder: Folder): string {
  const below = folder
    .paths()
    .filter((path) =>
      /^[^/]+\/(?:[^/]+\/)?(?:package\.json|Procfile|index\.html|requirements\.txt|pyproject\.toml|go\.mod|Cargo\.toml|pom\.xml|Gemfile|composer\.json|mix\.exs)$/.test(
        path,
      ),
    )
    .map((path) => path.slice(0, path.lastIndexOf('/')))
  const folders = [...new Set(below)].slice(0, 5)
  const start = 'Add a Procfile with a web: line, or a sluice.yaml with start:.'
  return folders.length === 0
    ? start
    : `${start} If the service is in a folder, set root to it: ${folders.join(', ')}.`
}
