import type { Tool } from '../detection.ts'
import type { Folder } from '../folder.ts'
import { chooseVersion, minimumVersion, pinFile, plainVersion, toolVersionsPins } from '../version-pins.ts'

/** What system.properties, a version manager or the build file ask for; a build file only names the oldest that works. */
export function javaTool(
  folder: Folder,
  built: { where: string; version: string | undefined },
): { tool: Tool; warnings: string[] } {
  const property = /^java\.runtime\.version\s{0,9}=\s{0,9}(\S{1,40})/m.exec(
    folder.text('system.properties') ?? '',
  )?.[1]
  return chooseVersion(
    { name: 'java', title: 'Java' },
    [
      ...(property === undefined ? [] : [{ where: 'system.properties', text: property, read: javaVersion }]),
      ...[...pinFile(folder, '.java-version'), ...toolVersionsPins(folder, 'java')].map((pin) => ({
        ...pin,
        read: javaVersion,
      })),
      ...(built.version === undefined
        ? []
        : [
            { where: built.where, text: built.version, read: (text: string) => minimumVersion(legacy(text)) },
          ]),
    ],
    `${built.where}; no version is pinned`,
  )
}

const javaVersion = (text: string) => plainVersion(legacy(text))

/** Java 8 and before called themselves 1.8. */
const legacy = (text: string): string => text.replace(/^1\.(\d)/, '$1')
