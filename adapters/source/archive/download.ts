import { readFile } from 'node:fs/promises'
import type { LookupFunction } from 'node:net'
import tls from 'node:tls'
import { Agent, request, type Dispatcher } from 'undici'
import { SourceError } from '../../../ports/source.ts'
import { checkedAddresses } from '../git/addresses.ts'
import { downloadTimeouts, type ArchiveSourceOptions } from './options.ts'

/** As many as a storage behind a release page takes. */
const mostRedirects = 5

/**
 * The body behind a url. Connects to the addresses that were checked, also after each redirect.
 * @param take gets the body while the connection is open
 * @throws SourceError ArchiveUnreachable; whatever `take` throws
 */
export async function download<T>(
  url: string,
  options: ArchiveSourceOptions,
  take: (body: AsyncIterable<Uint8Array>) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const whole = AbortSignal.timeout(downloadTimeouts.whole)
  const until = signal ? AbortSignal.any([signal, whole]) : whole
  let at = url
  for (let hop = 0; hop <= mostRedirects; hop++) {
    const agent = await agentFor(at, options)
    try {
      const answer = await request(at, {
        dispatcher: agent,
        signal: until,
        headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'sluice' },
      }).catch((error: unknown) => noAnswer(at, error, signal))
      if (answer.statusCode === 200) return await take(bodyOf(answer, at, signal))
      at = redirectOf(answer, at)
    } finally {
      await agent.destroy()
    }
  }
  throw unreachable(url, `leads on through more than ${mostRedirects} redirects.`)
}

/** Whether the url may be asked at all; nothing is sent. @throws SourceError ArchiveUnreachable */
export async function checkUrl(url: string, options: ArchiveSourceOptions): Promise<void> {
  await addressesOf(url, options)
}

/** Without what may be secret in it. */
export function shownUrl(url: string): string {
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname}`
}

async function agentFor(url: string, options: ArchiveSourceOptions): Promise<Agent> {
  const addresses = await addressesOf(url, options)
  const pinned: LookupFunction = (_host, { all }, done) => {
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    if (all) done(null, found)
    else done(null, found[0]!.address, found[0]!.family)
  }
  const { caFile } = options
  const own = caFile === undefined ? undefined : await readFile(caFile, 'utf8')
  return new Agent({
    headersTimeout: downloadTimeouts.answer,
    bodyTimeout: downloadTimeouts.silence,
    connect: {
      timeout: downloadTimeouts.answer,
      lookup: pinned,
      ...(own === undefined ? {} : { ca: [own, ...tls.getCACertificates('default')] }),
    },
  })
}

async function addressesOf(url: string, options: ArchiveSourceOptions): Promise<string[]> {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed?.protocol !== 'https:')
    throw new SourceError('ArchiveUnreachable', 'The url of an archive must start with https://.')
  if (parsed.username || parsed.password) throw unreachable(url, 'holds a password, which is not taken.')
  const { hostname: host, port } = parsed
  const remote = { kind: 'https', url, host, port: Number(port || 443), shown: shownUrl(url) } as const
  try {
    return await checkedAddresses(remote, options)
  } catch (error) {
    if (error instanceof SourceError) throw new SourceError('ArchiveUnreachable', error.message)
    throw error
  }
}

function redirectOf({ statusCode, headers }: Dispatcher.ResponseData, url: string): string {
  const { location } = headers
  const isRedirect = [301, 302, 303, 307, 308].includes(statusCode)
  if (!isRedirect || typeof location !== 'string' || !URL.canParse(location, url))
    throw unreachable(url, `answered ${statusCode}.`)
  return new URL(location, url).href
}

async function* bodyOf(
  { body }: Dispatcher.ResponseData,
  url: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const pieces = body[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await pieces.next().catch((error: unknown) => noAnswer(url, error, signal))
      if (next.done) return
      yield next.value as Uint8Array
    }
  } finally {
    body.destroy()
  }
}

function noAnswer(url: string, error: unknown, signal: AbortSignal | undefined): never {
  if (signal?.aborted) throw signal.reason
  const { code, name } = error as NodeJS.ErrnoException
  throw unreachable(url, `does not answer, or stopped in the middle (${code ?? name}).`)
}

const unreachable = (url: string, why: string) =>
  new SourceError('ArchiveUnreachable', `${shownUrl(url)} ${why}`)
