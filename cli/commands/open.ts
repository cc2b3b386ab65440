import { spawn } from 'node:child_process'
import type { Command } from 'commander'
import type { Environment } from '../../contract/service.ts'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { standardEnvironment } from '../deployment-id.ts'
import { environmentPath } from '../paths.ts'

export function register(program: Command): void {
  program
    .command('open [service] [environment]')
    .description('open a service in the browser, or without one the dashboard; prints the url')
    .action(
      async (
        service: string | undefined,
        environment: string | undefined,
        _options: object,
        command: Command,
      ) => {
        const context = contextOf(command)
        const { url } = context.settings
        const client = clientOf(context.settings)
        const path = service === undefined ? '' : environmentPath(service, environment ?? standardEnvironment)
        const opened = service === undefined ? url : (await client.get<Environment>(path)).serviceUrl
        context.answer({ url: opened }, () => opened)
        if (process.stdout.isTTY && context.asks) openInBrowser(opened)
      },
    )
}

/** A machine without a browser is no error: the url was printed. */
function openInBrowser(url: string): void {
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open'
  spawn(opener, [url], { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref()
}
