import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import type { Caller } from '../../contract/token.ts'
import { CliError } from '../cli-error.ts'
import { clientOf } from '../client.ts'
import { contextOf, type Context } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { loginFile, writeLogin } from '../login.ts'

export function register(program: Command): void {
  program
    .command('login [url]')
    .description(
      'keep the address of a Sluice and a token for it; the token is asked for, or read from stdin',
    )
    .action(async (url: string | undefined, _options: object, command: Command) => {
      const context = contextOf(command)
      const address = new URL(addressOf(url ?? context.settings.url)).origin
      const token = process.env['SLUICE_TOKEN'] || (await askToken(context))
      const client = clientOf({ ...context.settings, url: address, token })
      const caller = await client.get<Caller>('/v1/whoami')
      writeLogin({ url: address, token })
      const where = caller.serviceId === null ? 'all services' : `the service ${caller.serviceId}`
      context.answer(
        { url: address, ...caller },
        () => `${caller.name}: ${caller.role} of ${where} at ${address}`,
      )
      context.note(`Kept in ${loginFile()}.`)
    })
}

function addressOf(url: string): string {
  const parsed = URL.parse(url)
  if (parsed && /^https?:$/.test(parsed.protocol)) return url
  throw new CliError(`${url} is not the address of an API.`, {
    exitCode: exitCodes.usage,
    next: 'Name it as https://sluice.example.com',
  })
}

/** Never an argument: those show in the list of processes and in the shell's history. */
async function askToken({ asks }: Context): Promise<string> {
  if (!process.stdin.isTTY) return requireToken((await text(process.stdin)).trim())
  if (!asks) return requireToken('')
  process.stderr.write('Token: ')
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const prompt = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  try {
    return requireToken((await prompt.question('')).trim())
  } finally {
    prompt.close()
    process.stderr.write('\n')
  }
}

function requireToken(token: string): string {
  if (token !== '') return token
  throw new CliError('There is no token.', {
    exitCode: exitCodes.usage,
    next: 'Type it when asked, pipe it in, or set SLUICE_TOKEN.',
  })
}
