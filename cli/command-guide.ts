import { flatten, type TableEntry } from './command-table.ts'

const opening = `# Commands

Data goes to stdout, progress and advice to stderr. \`sluice help <command>\` prints what stands here. In a folder that
is linked to an environment (\`sluice link\`) commands need no \`<service>\` and \`<environment>\`.

| exit status | meaning |
|---|---|
| 0 | ok |
| 1 | an error |
| 2 | the command was called wrongly |
| 3 | the deployment failed, and what it had changed was undone |
| 4 | no token, or one that may not do this |
| 5 | the deployment failed, and could not be undone completely |
| 6 | the wait timed out; the deployment goes on |
| 7 | the deployment was superseded or canceled |
| 130 | interrupted; the deployment goes on |
`

/** The guide \`docs/cli.md\`: one section per command. */
export function commandGuide(table: TableEntry): string {
  const commands = flatten(table).filter((entry) => entry.words !== '' && entry.commands.length === 0)
  return [opening, `## With every command\n\n${optionsOf(table)}`, ...commands.map(section)].join('\n')
}

const section = (entry: TableEntry): string => {
  const head = `## ${entry.words}\n\n${sentence(entry.description)}\n\n\`\`\`\nsluice ${entry.words} ${entry.usage}\n\`\`\`\n`
  const options = optionsOf({ ...entry, options: entry.options.filter(({ long }) => long !== '--help') })
  return options === '' ? head : `${head}\n${options}`
}

const optionsOf = ({ options }: TableEntry): string =>
  options.map(({ flags, description }) => `- \`${flags}\`: ${description}\n`).join('')

const sentence = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`
