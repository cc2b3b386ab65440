import { shellWord } from './detection.ts'
import type { Detector, PlannedCommand } from './detection.ts'

/** The runtime gives every service both variables: its Node 24 and the file server that ships with Sluice. */
export function serveStatic(folder: string, spa: boolean, reason: string): PlannedCommand {
  const target = shellWord(folder === '' ? '.' : folder.startsWith('-') ? `./${folder}` : folder)
  return { command: `"$SLUICE_NODE" "$SLUICE_STATIC_SERVER" ${target}${spa ? ' --spa' : ''}`, reason }
}

/** A site of plain files: an index.html and nothing that would have to be built. */
export const staticSite: Detector = {
  technology: 'static',
  detect(folder) {
    const found = folder.first('index.html', 'public/index.html', 'dist/index.html')
    if (found === undefined) return undefined
    const site = found.includes('/') ? found.slice(0, found.indexOf('/')) : ''
    const warnings =
      site === '' && folder.has('public/index.html')
        ? [
            'index.html and public/index.html both exist: the top folder is served. Set static.folder to choose.',
          ]
        : []
    return {
      technology: 'static',
      reasons: [`${found} and no other technology: a site of plain files`],
      warnings,
      install: null,
      build: null,
      start: serveStatic(
        site,
        false,
        `serves the folder of ${found} with the file server that ships with Sluice`,
      ),
      tools: [],
      path: [],
      environment: {},
      buildEnvironment: {},
      suggestions: [],
    }
  },
}
