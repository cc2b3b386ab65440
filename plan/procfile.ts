import type { PlannedCommand } from './detection.ts'
import type { Folder } from './folder.ts'

export interface Procfile {
  web: PlannedCommand | undefined
  migrate: PlannedCommand | undefined
  /** Every kind of process but the hooks, `web` among them. */
  processes: Record<string, PlannedCommand>
  warnings: string[]
}

/** Names as Heroku and Scalingo allow them: letters, digits, `_` and `-`, at most 63; but none that JavaScript reads as more. */
const linePattern = /^(?!__proto__[ \t]*:)([A-Za-z0-9_-]{1,63})[ \t]*:(.*)$/
const sizeLimit = 64 * 1024

/** Undefined when the folder has none. Lines that do not fit are warnings: a typo should not go unseen. */
export function readProcfile(folder: Folder): Procfile | undefined {
  const text = folder.text('Procfile')
  if (text === undefined) return undefined
  if (text.length > sizeLimit) {
    return {
      web: undefined,
      migrate: undefined,
      processes: {},
      warnings: ['Procfile is larger than 64 KiB and was not read.'],
    }
  }
  const { commands, warnings } = parseLines(text)
  const from = (name: string) => {
    const command = commands.get(name)
    return command === undefined ? undefined : { command, reason: `the ${name}: line of the Procfile` }
  }
  if (commands.has('release') && commands.has('postdeploy')) {
    warnings.push('Procfile has both release: and postdeploy:, which are aliases: postdeploy: is used.')
  }
  const processes = [...commands.keys()].filter((name) => !['release', 'postdeploy'].includes(name))
  if (!commands.has('web')) warnings.push('Procfile has no web: line.')
  return {
    web: from('web'),
    migrate: from('postdeploy') ?? from('release'),
    processes: Object.fromEntries(processes.map((name) => [name, from(name)!])),
    warnings,
  }
}

function parseLines(text: string): { commands: Map<string, string>; warnings: string[] } {
  const commands = new Map<string, string>()
  const warnings: string[] = []
  for (const [index, raw] of text.split(/\r\n|\n|\r/).entries()) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#')) continue
    const match = linePattern.exec(line)
    const command = match?.[2]?.trim() ?? ''
    const where = `Procfile line ${index + 1}`
    if (!match) {
      warnings.push(
        `${where} is not "name: command" (names are letters, digits, _ and -, at most 63) and was left out.`,
      )
    } else if (command === '' || command.includes('\0')) {
      warnings.push(`${where} has no usable command and was left out.`)
    } else {
      if (commands.has(match[1]!)) warnings.push(`${where} names ${match[1]} again: the last one counts.`)
      commands.set(match[1]!, command)
    }
  }
  return { commands, warnings }
}
