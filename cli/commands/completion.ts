import { Argument, type Command } from 'commander'
import { tableOf } from '../command-table.ts'
import { completionScript, shells, type Shell } from '../completion.ts'
import { contextOf } from '../context.ts'

const help = `
For bash, in ~/.bashrc:                     eval "$(sluice completion bash)"
For zsh, in ~/.zshrc after compinit:        source <(sluice completion zsh)
For fish, in ~/.config/fish/config.fish:    sluice completion fish | source`

export function register(program: Command): void {
  program
    .command('completion')
    .description('print a script that lets the shell complete commands and options')
    .addArgument(new Argument('<shell>').choices(shells))
    .addHelpText('after', help)
    .action((shell: Shell, _options: object, command: Command) => {
      contextOf(command).print(completionScript(shell, tableOf(program)).trimEnd())
    })
}
