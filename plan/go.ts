import { shellWord } from './detection.ts'
import type { Detector, PlannedCommand } from './detection.ts'
import type { Folder } from './folder.ts'
import { chooseVersion, minimumVersion, toolVersionsPins, plainVersion } from './version-pins.ts'

/** Names of commands that usually are the web process, most telling first. */
const webNames = ['web', 'server', 'api', 'app', 'main']

/** Go modules: the top folder when it holds a program, else those under cmd/. */
export const go: Detector = {
  technology: 'go',
  detect(folder) {
    const text = folder.text('go.mod')
    if (text === undefined) return undefined
    const module = /^module\s{1,9}"?([^\s"]{1,200})/m.exec(text)?.[1] ?? 'app'
    const name = binaryName(module)
    const programs = programsOf(folder, name)
    const vendored = folder.has('vendor/modules.txt')
    const needsModules = /^\s{0,9}require\b/m.test(text)
    const version = chooseVersion(
      { name: 'go', title: 'Go' },
      [
        ...toolVersionsPins(folder, 'golang', 'go').map((pin) => ({ ...pin, read: plainVersion })),
        ...lines(text, /^toolchain\s{1,9}go([\d.]{1,20})/m, 'the toolchain line of go.mod'),
        ...lines(text, /^go\s{1,9}([\d.]{1,20})/m, 'the go line of go.mod'),
      ],
      'go.mod; no version is pinned',
    )
    return {
      technology: 'go',
      reasons: [
        `go.mod: the Go module ${module}`,
        ...(vendored ? ['vendor/: modules come with the source'] : []),
        ...(needsModules ? [] : ['go.mod requires no other module: nothing to install']),
      ],
      warnings: version.warnings,
      startWarnings: programs.warnings,
      install:
        needsModules && !vendored
          ? { command: 'go mod download', reason: 'go.mod requires other modules' }
          : null,
      build: programs.build,
      start: programs.start,
      ...(programs.start ? {} : { noStart: 'there is no main.go at the top and no program under cmd/' }),
      tools: [version.tool],
      path: ['bin'],
      environment: {},
      // Another version than the host's would be downloaded silently otherwise.
      buildEnvironment: { GOTOOLCHAIN: 'local' },
      suggestions: [],
    }
  },
}

const lines = (text: string, pattern: RegExp, where: string) => {
  const found = pattern.exec(text)?.[1]
  return found === undefined ? [] : [{ where, text: found, read: minimumVersion }]
}

/** `example.org/shop/v2` builds `shop`, as `go install` would call it. */
function binaryName(module: string): string {
  const parts = module.split('/').filter((part) => !/^v\d+$/.test(part))
  return (parts.at(-1) ?? 'app').replaceAll(/[^A-Za-z0-9._-]/g, '-').replace(/^[-.]+/, '') || 'app'
}

interface Programs {
  build: PlannedCommand | null
  start: PlannedCommand | null
  warnings: string[]
}

function programsOf(folder: Folder, name: string): Programs {
  const paths = folder.paths()
  const commands = [...new Set(paths.flatMap((path) => /^cmd\/([^/]+)\/[^/]+\.go$/.exec(path)?.[1] ?? []))]
  const atTop = paths.some((path) => /^[^/]+(?<!_test)\.go$/.test(path))
  // A library may have files at the top and its programs under cmd/.
  if (folder.has('main.go') || (atTop && commands.length === 0)) {
    return {
      build: { command: `go build -o bin/${shellWord(name)} .`, reason: 'Go files at the top' },
      start: { command: `bin/${shellWord(name)}`, reason: 'what the build makes' },
      warnings:
        commands.length > 0
          ? [`The programs under cmd/ (${commands.join(', ')}) are not built: main.go at the top is.`]
          : [],
    }
  }
  const web = commands.length === 1 ? commands[0] : [...webNames, name].find((one) => commands.includes(one))
  const chosen = web ?? commands[0]
  if (chosen === undefined) return { build: null, start: null, warnings: [] }
  return {
    build: { command: 'go build -o bin/ ./cmd/...', reason: `programs under cmd/: ${commands.join(', ')}` },
    start: { command: `bin/${shellWord(chosen)}`, reason: `cmd/${chosen}` },
    warnings:
      commands.length > 1
        ? [
            `Several programs under cmd/ (${commands.join(', ')}): ${chosen} is started. Set start, or add a Procfile, to choose.`,
          ]
        : [],
  }
}
