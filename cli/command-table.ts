import type { Command } from 'commander'

/** A command as its help tells it. */
export interface TableEntry {
  /** Its words, such as `env set`; empty for `sluice` itself. */
  words: string
  description: string
  /** Such as `<service> [environment]`. */
  usage: string
  options: { flags: string; long: string; description: string; takesValue: boolean }[]
  /** Those below it. */
  commands: TableEntry[]
}

export const tableOf = (program: Command, words: string[] = []): TableEntry => {
  const help = program.createHelp()
  return {
    words: words.join(' '),
    description: program.description(),
    usage: program.usage(),
    options: help.visibleOptions(program).map((option) => ({
      flags: option.flags,
      long: option.long ?? option.flags,
      description: option.description,
      takesValue: option.required || option.optional,
    })),
    commands: program.commands.map((command) => tableOf(command, [...words, command.name()])),
  }
}

export const flatten = (entry: TableEntry): TableEntry[] => [entry, ...entry.commands.flatMap(flatten)]

export const nameOf = ({ words }: TableEntry): string => words.slice(words.lastIndexOf(' ') + 1)
