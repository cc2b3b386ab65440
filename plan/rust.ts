import { shellWord } from './detection.ts'
import type { Detector } from './detection.ts'
import type { Folder } from './folder.ts'
import { readToml, tableAt, textAt, textsAt, valueAt } from './toml.ts'
import type { TomlTable } from './toml.ts'
import { chooseVersion, minimumVersion, pinFile, plainVersion, toolVersionsPins } from './version-pins.ts'

/** Rust: a Cargo package, or the only program of a workspace. */
export const rust: Detector = {
  technology: 'rust',
  detect(folder) {
    if (!folder.has('Cargo.toml')) return undefined
    const manifest = readToml(folder, 'Cargo.toml')
    const locked = folder.has('Cargo.lock') ? ' --locked' : ''
    const binaries = binariesOf(folder, manifest)
    const chosen = textAt(manifest, 'package', 'default-run') ?? binaries[0]
    const version = rustTool(folder, manifest)
    const rocket = valueAt(manifest, 'dependencies', 'rocket') !== undefined
    const program = chosen === undefined ? undefined : `target/release/${shellWord(chosen)}`
    return {
      technology: 'rust',
      reasons: ['Cargo.toml: a Rust project', ...(rocket ? ['Rocket is a dependency'] : [])],
      warnings: [
        ...version.warnings,
        ...(locked
          ? []
          : ['There is no Cargo.lock, so two deployments may get different crates: commit one.']),
      ],
      startWarnings: [
        ...(binaries.length > 1 && textAt(manifest, 'package', 'default-run') === undefined
          ? [
              `Several programs (${binaries.join(', ')}): ${chosen} is started. Set default-run in Cargo.toml, or start, to choose.`,
            ]
          : []),
      ],
      install: locked ? { command: 'cargo fetch --locked', reason: 'Cargo.lock' } : null,
      build: { command: `cargo build --release${locked}`, reason: 'Cargo.toml' },
      start:
        program === undefined
          ? null
          : {
              // Rocket reads neither PORT nor HOST.
              command: rocket ? `ROCKET_ADDRESS="$HOST" ROCKET_PORT="$PORT" ${program}` : program,
              reason: 'what the build makes',
            },
      ...(program === undefined
        ? { noStart: 'Cargo.toml has no program: no [[bin]], src/main.rs or src/bin' }
        : {}),
      tools: [version.tool],
      path: ['target/release'],
      environment: {},
      buildEnvironment: {},
      suggestions: [],
    }
  },
}

function binariesOf(folder: Folder, manifest: TomlTable): string[] {
  const bins = valueAt(manifest, 'bin')
  const named = Array.isArray(bins) ? bins.flatMap((bin) => textAt(bin, 'name') ?? []) : []
  const own = textAt(manifest, 'package', 'name')
  const main = own !== undefined && folder.has('src/main.rs') ? [own] : []
  const others = folder
    .paths()
    .flatMap((path) => /^src\/bin\/([^/]+)(?:\.rs|\/main\.rs)$/.exec(path)?.[1] ?? [])
  const members = textsAt(manifest, 'workspace', 'members').flatMap((pattern) =>
    memberBinaries(folder, pattern),
  )
  return [...new Set([...(named.length > 0 ? named : main), ...others, ...members])]
}

/** Of a member, or of all that `crates/*` names. */
function memberBinaries(folder: Folder, pattern: string): string[] {
  const parent = pattern.endsWith('/*') ? pattern.slice(0, -2) : undefined
  const folders = parent === undefined ? [pattern] : foldersIn(folder, parent)
  return folders.flatMap((path) => {
    const member = readToml(folder, `${path}/Cargo.toml`)
    const name = textAt(member, 'package', 'name')
    return name !== undefined && folder.has(`${path}/src/main.rs`) ? [name] : []
  })
}

const foldersIn = (folder: Folder, parent: string): string[] => [
  ...new Set(
    folder
      .paths()
      .filter((path) => path.startsWith(`${parent}/`) && path.endsWith('/Cargo.toml'))
      .map((path) => path.slice(0, -'/Cargo.toml'.length)),
  ),
]

function rustTool(folder: Folder, manifest: TomlTable) {
  const channel = textAt(readToml(folder, 'rust-toolchain.toml'), 'toolchain', 'channel')
  // The file without an ending may hold a bare channel, or the same table.
  const bare = textAt(readToml(folder, 'rust-toolchain'), 'toolchain', 'channel')
  const rustVersion = textAt(tableAt(manifest, 'package'), 'rust-version')
  return chooseVersion(
    { name: 'cargo', title: 'Rust' },
    [
      ...(channel === undefined ? [] : [{ where: 'rust-toolchain.toml', text: channel, read: channelRange }]),
      ...(bare === undefined
        ? pinFile(folder, 'rust-toolchain')
        : [{ where: 'rust-toolchain', text: bare }]
      ).map((pin) => ({ ...pin, read: channelRange })),
      ...toolVersionsPins(folder, 'rust').map((pin) => ({ ...pin, read: plainVersion })),
      ...(rustVersion === undefined
        ? []
        : [{ where: 'rust-version', text: rustVersion, read: minimumVersion }]),
    ],
    'Cargo.toml; no version is pinned',
  )
}

/** A channel (`nightly`, `beta`, `nightly-2025-01-01`) is no range, and is matched by the name of the toolchain. */
function channelRange(text: string): string | null | undefined {
  const channel = text.trim()
  return /^(?:nightly|beta)(?:-\d{4}-\d\d-\d\d)?$/.test(channel) ? channel : plainVersion(channel)
}
