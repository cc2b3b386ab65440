import type { Command } from 'commander'
import { contextOf, wantsColor } from '../context.ts'

export function register(program: Command): void {
  program
    .command('down')
    .description('end Sluice on this machine, with the router and every deployed service')
    .action(async (_options: object, command: Command) => {
      const context = contextOf(command)
      const [{ down }, { upLog }] = await Promise.all([
        import('../../stack/down.ts'),
        import('../../stack/up-log.ts'),
      ])
      const log = upLog(process.stderr, { json: context.json, color: wantsColor(process.stderr) })
      await down(context.settings, context.quiet ? () => {} : log.say)
    })
}
