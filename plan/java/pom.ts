import type { Folder } from '../folder.ts'

/** The few fields of a pom.xml that a plan rests on. */
export interface Pom {
  artifactId: string | undefined
  version: string | undefined
  finalName: string | undefined
  packaging: string
  /** Folders of a project of several modules. */
  modules: string[]
  /** What the pom names that makes or runs a server. */
  mentions(text: string): boolean
  javaVersion: string | undefined
}

/** Read as text: only literal values count, and what stands in `parent`, `dependencies` and `build` is not the project's. */
export function readPom(folder: Folder): Pom | undefined {
  const whole = folder.text('pom.xml')
  if (whole === undefined) return undefined
  const text = withoutComments(whole.slice(0, 256 * 1024))
  const own = without(text, 'parent', 'dependencies', 'dependencyManagement', 'build', 'profiles')
  const parent = section(text, 'parent') ?? ''
  const element = (name: string, from = own) => literal(from, name)
  return {
    artifactId: element('artifactId'),
    version: element('version') ?? element('version', parent),
    finalName: element('finalName', section(text, 'build') ?? ''),
    packaging: element('packaging') ?? 'jar',
    modules: [...(section(own, 'modules') ?? '').matchAll(/<module>\s*([^<\s]{1,200})\s*<\/module>/g)].map(
      ([, name]) => name!,
    ),
    mentions: (words) => text.includes(words),
    javaVersion:
      element('maven.compiler.release') ?? element('java.version') ?? element('maven.compiler.target'),
  }
}

/** An unclosed comment reaches to the end. */
const withoutComments = (text: string): string =>
  text
    .split('<!--')
    .map((part, index) =>
      index === 0 ? part : part.includes('-->') ? part.slice(part.indexOf('-->') + 3) : '',
    )
    .join('')

function section(text: string, name: string): string | undefined {
  const start = text.indexOf(`<${name}>`)
  const end = text.indexOf(`</${name}>`, start)
  return start < 0 || end < 0 ? undefined : text.slice(start + name.length + 2, end)
}

const without = (text: string, ...names: string[]): string =>
  names.reduce((rest, name) => {
    const found = section(rest, name)
    return found === undefined ? rest : rest.replace(found, '')
  }, text)

/** `${revision}` and the like are known to Maven alone. */
function literal(text: string, name: string): string | undefined {
  const value = section(text, name)?.trim()
  return value !== undefined && /^[A-Za-z0-9._-]{1,100}$/.test(value) ? value : undefined
}
