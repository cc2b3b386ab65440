import type { Command } from 'commander'
import { contextOf, wantsColor } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'

export function register(program: Command): void {
  program
    .command('up')
    .description('start Sluice on this machine, in the foreground')
    .action(async (_options: object, command: Command) => {
      const context = contextOf(command)
      const [{ up }, { upLog }] = await Promise.all([
        import('../../stack/up.ts'),
        import('../../stack/up-log.ts'),
      ])
      const log = upLog(process.stdout, { json: context.json, color: wantsColor(process.stdout) })
      await up(
        context.settings,
        log,
        stopSignal(() => log.say('sluice', 'ends at once')),
      )
    })
}

/** Milliseconds in which a second signal is the first one's echo: npm passes on what the terminal has sent to all. */
const echo = 1000

/** Aborts at the first Ctrl-C, SIGTERM or closed terminal; a second Ctrl-C ends the process at once. */
function stopSignal(impatient: () => void): AbortSignal {
  const stop = new AbortController()
  let firstAt = 0
  const onSignal = () => {
    if (!stop.signal.aborted) {
      firstAt = Date.now()
      stop.abort()
    } else if (Date.now() - firstAt > echo) {
      impatient()
      process.exit(exitCodes.interrupted)
    }
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal)
  return stop.signal
}
