import type { Command } from 'commander'
import type { Finding } from '../../contract/deployment.ts'
import { clientOf } from '../client.ts'
import { contextOf } from '../context.ts'
import { standardEnvironment } from '../deployment-id.ts'
import { exitCodes } from '../exit-codes.ts'
import { environmentPath } from '../paths.ts'

interface Preflight {
  ready: boolean
  findings: Finding[]
}

export function register(program: Command): void {
  program
    .command('preflight <service> [environment]')
    .description('look whether a deployment could start now; changes nothing')
    .option('--ref <ref>', "branch, tag or commit; the environment's branch when absent")
    .action(
      async (
        service: string,
        environment: string | undefined,
        { ref }: { ref?: string },
        command: Command,
      ) => {
        const context = contextOf(command)
        const client = clientOf(context.settings)
        const query = ref === undefined ? '' : `?${new URLSearchParams({ ref }).toString()}`
        const path = `${environmentPath(service, environment ?? standardEnvironment)}/preflight${query}`
        const found = await client.get<Preflight>(path)
        context.answer(found, ({ ready, findings }) =>
          ready ? 'Everything needed is there.' : findings.map((one) => lines(one, client.url)).join('\n'),
        )
        if (!found.ready) process.exitCode = exitCodes.error
      },
    )
}

const lines = ({ code, message, fix, link }: Finding, url: string): string =>
  [`• ${message} (${code})`, ...(fix ? [`    ${fix}`] : []), `    ${new URL(link, url).href}`].join('\n')
