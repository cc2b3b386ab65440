import type { Command } from 'commander'
import { contextOf } from '../context.ts'
import { linkOf, removeLink } from '../link.ts'

export function register(program: Command): void {
  program
    .command('unlink')
    .description('forget the service of this folder')
    .action((_options: object, command: Command) => {
      const context = contextOf(command)
      const link = linkOf()
      if (link) removeLink(link.folder)
      context.note(link ? `Forgot ${link.service} ${link.environment} for ${link.folder}.` : 'Not linked.')
    })
}
