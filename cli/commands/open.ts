import { spawn } from 'node:child_process'
import type { Command } from 'commander'
import type { Environment } from '../../contract/service.ts'
import type { SignInLink } from '../../contract/sign-in-link.ts'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { standardEnvironment } from '../deployment-id.ts'
import { environmentPath } from '../paths.ts'

export function register(program: Command): void {
  program
    .command('open [service] [environment]')
    .description(
      'open a service in the browser, or without one the dashboard, signed in by a link that works once; prints the url',
    )
    .action(
      async (
        service: string | undefined,
        environment: string | undefined,
        _options: object,
        command: Command,
      ) => {
        const context = contextOf(command)
        const client = clientOf(context.settings)
        const opened =
          service === undefined
            ? (await client.post<SignInLink>('/v1/sign-in-links')).url
            : (await client.get<Environment>(environmentPath(service, environment ?? standardEnvironment)))
                .serviceUrl
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
