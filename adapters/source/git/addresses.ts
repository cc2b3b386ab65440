import { lookup } from 'node:dns/promises'
import ipaddr from 'ipaddr.js'
import { SourceError } from '../../../ports/source.ts'
import type { GitSourceOptions } from './options.ts'
import type { NetworkRemote } from './remote.ts'

/**
 * The addresses of a host, checked. git connects to exactly these: a name that answers
 * differently the second time (DNS rebinding) gains nothing.
 * @throws SourceError RepositoryUnreachable
 */
export async function checkedAddresses(
  remote: NetworkRemote,
  { privateHosts, lookup: find = findAll }: Pick<GitSourceOptions, 'privateHosts' | 'lookup'>,
): Promise<string[]> {
  const host = remote.host.replace(/^\[|\]$/g, '')
  const addresses = (await find(host).catch((error: unknown) => unresolved(remote, error))).map(
    ({ address }) => address,
  )
  if (addresses.length === 0) return unresolved(remote, undefined)
  if (isAllowedPrivate(remote, privateHosts)) return addresses
  const inner = addresses.find((address) => !isPublic(address))
  if (inner === undefined) return addresses
  throw new SourceError(
    'RepositoryUnreachable',
    `${remote.host} leads to ${inner}, which is not a public address. ` +
      `If this forge of yours is meant to be reached there, add ${remote.host} to SLUICE_PRIVATE_HOSTS.`,
  )
}

const findAll = (host: string) => lookup(host, { all: true })

/** `unicast` is what is left once private, loopback, link-local, carrier-grade NAT and the like are taken out. */
export function isPublic(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.parse(address).range() === 'unicast'
}

function isAllowedPrivate(remote: NetworkRemote, privateHosts: readonly string[]): boolean {
  const plain = (host: string) => host.toLowerCase().replace(/\.$/, '')
  const host = plain(remote.host)
  return privateHosts.some(
    (allowed) => plain(allowed) === host || plain(allowed) === `${host}:${remote.port}`,
  )
}

function unresolved(remote: NetworkRemote, error: unknown): never {
  const reason = (error as NodeJS.ErrnoException | undefined)?.code ?? 'no address'
  throw new SourceError(
    'RepositoryUnreachable',
    `The host ${remote.host} of ${remote.shown} is not found (${reason}).`,
  )
}
