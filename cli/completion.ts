import { flatten, nameOf, type TableEntry } from './command-table.ts'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** A script for the shell that completes the commands and options of the table. */
export const completionScript = (shell: Shell, table: TableEntry): string =>
  ({ bash: bashScript, zsh: zshScript, fish: fishScript })[shell](table)

/** Walks the words before the cursor to the command that they name, as all shells here do. */
const walk = (table: TableEntry, line: (from: string, word: string, to: string) => string): string =>
  flatten(table)
    .filter(({ words }) => words !== '')
    .map((entry) => line(entry.words.slice(0, -nameOf(entry).length).trim(), nameOf(entry), entry.words))
    .join('\n')

const candidates = (entry: TableEntry): { word: string; description: string }[] => [
  ...entry.commands.map((command) => ({ word: nameOf(command), description: command.description })),
  ...entry.options.map(({ long, description }) => ({ word: long, description })),
]

const bashScript = (
  table: TableEntry,
): string => `# bash completion of sluice: eval "$(sluice completion bash)"
_sluice() {
  local place='' word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$place $word" in
${walk(table, (from, word, to) => `      '${from} ${word}') place='${to}' ;;`)}
    esac
  done
  case "$place" in
${flatten(table)
  .map(
    (entry) =>
      `    '${entry.words}') words='${candidates(entry)
        .map(({ word }) => word)
        .join(' ')}' ;;`,
  )
  .join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _sluice sluice
`

const zshScript = (table: TableEntry): string => `#compdef sluice
# zsh completion of sluice: source <(sluice completion zsh)
_sluice() {
  local place='' word
  local -a offers
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$place $word" in
${walk(table, (from, word, to) => `      '${from} ${word}') place='${to}' ;;`)}
    esac
  done
  case "$place" in
${flatten(table)
  .map((entry) => `    '${entry.words}') offers=(${candidates(entry).map(zshOffer).join(' ')}) ;;`)
  .join('\n')}
  esac
  _describe sluice offers || _files
}
compdef _sluice sluice
`

const zshOffer = ({ word, description }: { word: string; description: string }): string =>
  quoted(`${word}:${description.replaceAll(':', '\\:')}`)

const fishScript = (table: TableEntry): string =>
  [
    '# fish completion of sluice: sluice completion fish | source',
    'function __sluice_place',
    "  set -l place ''",
    '  for word in (commandline -opc)[2..]',
    '    switch "$place $word"',
    walk(table, (from, word, to) => `      case '${from} ${word}'; set place '${to}'`),
    '    end',
    '  end',
    '  test "$place" = "$argv[1]"',
    'end',
    ...flatten(table).flatMap(fishLines),
    '',
  ].join('\n')

function fishLines(entry: TableEntry): string[] {
  const start = `complete -c sluice -n ${quoted(`__sluice_place ${quoted(entry.words)}`, '"')}`
  return [
    ...entry.commands.map((command) => `${start} -f -a ${nameOf(command)} -d ${quoted(command.description)}`),
    ...entry.options.map(
      ({ long, description, takesValue }) =>
        `${start} -l ${long.replace(/^--/, '')}${takesValue ? ' -r' : ''} -d ${quoted(description)}`,
    ),
  ]
}

/** For a shell. Descriptions are our own, so no more than a quote is to be feared. */
const quoted = (text: string, mark = "'"): string =>
  mark === '"' ? `"${text}"` : `'${text.replaceAll("'", `'\\''`)}'`
