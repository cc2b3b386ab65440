import { readFile } from 'node:fs/promises'
import type { LookupFunction } from 'node:net'
import type { Readable } from 'node:stream'
import tls from 'node:tls'
import { Agent, request } from 'undici'
import type { PackAddress } from '../../../ports/packs.ts'
import { SourceError } from '../../../ports/source.ts'
import { checkedAddresses } from '../../source/git/addresses.ts'
import type { GitSourceOptions } from '../../source/git/options.ts'
import { parseRemote } from '../../source/git/remote.ts'

type Reach = Pick<GitSourceOptions, 'privateHosts' | 'caFile' | 'lookup'>

/** Buildpacks as archives have a few megabytes at most. */
const mostBytes = 64 * 1024 ** 2
const timeoutMs = 120_000
/** Forges redirect to the server that has the archive. */
const mostRedirects = 3

/**
 * Fetches an archive over https. Every address on the way is checked as those of repositories are, and credentials go
 * to the first host alone. @throws SourceError
 */
export async function download(options: Reach, address: PackAddress, signal: AbortSignal): Promise<Buffer> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  const first = new URL(address.url)
  let url = first
  for (let hop = 0; hop <= mostRedirects; hop++) {
    const credentials = url.origin === first.origin ? address.credentials : null
    const answer = await get(options, url, credentials, limited).catch((error: unknown) => {
      if (error instanceof SourceError || signal.aborted) throw error
      throw unreachable(url, `could not be read: ${(error as Error).message}`)
    })
    if (Buffer.isBuffer(answer)) return answer
    const next = URL.parse(answer.location, url.href)
    if (next?.protocol !== 'https:' || next.username || next.password)
      throw unreachable(url, 'answers with a redirect to something that is no https url')
    url = next
  }
  throw unreachable(first, `answers with more than ${mostRedirects} redirects`)
}

async function get(
  options: Reach,
  url: URL,
  credentials: PackAddress['credentials'],
  signal: AbortSignal,
): Promise<Buffer | { location: string }> {
  const remote = parseRemote({ url: `${url.origin}${url.pathname}` })
  if (remote.kind === 'local') throw unreachable(url, 'is no https url')
  const addresses = await checkedAddresses(remote, options)
  const agent = new Agent({ connect: { lookup: pinned(addresses), ...(await authorities(options)) } })
  try {
    const { statusCode, headers, body } = await request(url, {
      dispatcher: agent,
      signal,
      headers: credentials ? { authorization: basic(credentials) } : {},
    })
    if (statusCode >= 300 && statusCode < 400 && typeof headers['location'] === 'string') {
      leave(body)
      return { location: headers['location'] }
    }
    if (statusCode !== 200) {
      leave(body)
      throw unreachable(url, `answers with status ${statusCode}`)
    }
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > mostBytes)
        throw new SourceError('SourceRejected', `${shown(url)} is larger than ${mostBytes} bytes.`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } finally {
    await agent.destroy()
  }
}

/** A body that is given up says so in an error event, which would end the process. */
const leave = (body: Readable): void => void body.on('error', () => {}).destroy()

/** Connects to nothing but what was checked, whatever the name means by then. */
const pinned =
  (addresses: readonly string[]): LookupFunction =>
  (_host, { all }, callback) => {
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    if (all) callback(null, found)
    else callback(null, found[0]!.address, found[0]!.family)
  }

async function authorities({ caFile }: Reach): Promise<{ ca?: string[] }> {
  if (caFile === undefined) return {}
  return { ca: [await readFile(caFile, 'utf8'), ...tls.getCACertificates('system'), ...tls.rootCertificates] }
}

const basic = ({ username, password }: NonNullable<PackAddress['credentials']>): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`

const shown = (url: URL): string => `${url.origin}${url.pathname}`

const unreachable = (url: URL, why: string) =>
  new SourceError('RepositoryUnreachable', `${shown(url)} ${why}.`)
