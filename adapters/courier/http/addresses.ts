import { lookup as resolve, type LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { CourierError } from '../../../ports/courier.ts'

/** `unicast` is what is left once private, loopback, link-local, carrier-grade NAT and the like are taken out. */
export const isPublic = (address: string): boolean =>
  ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast'

/** @throws CourierError for a host that is an address itself, and not a public one */
export function requireAllowed(url: URL, privateHosts: readonly string[]): void {
  const host = plain(url.hostname)
  if (ipaddr.isValid(host) && !isPublic(host) && !isPrivateAllowed(url, privateHosts))
    throw refused(host, host)
}

/**
 * A lookup whose answers are checked. The connection is made to exactly these, so a name that answers differently the
 * second time (DNS rebinding) gains nothing.
 */
export function checkedLookup(url: URL, privateHosts: readonly string[], find = resolve): LookupFunction {
  const anyAddress = isPrivateAllowed(url, privateHosts)
  return (hostname, options, callback) => {
    find(hostname, { ...options, all: true }, (error, found: LookupAddress[]) => {
      if (error) return callback(error, '')
      const inner = anyAddress ? undefined : found.find(({ address }) => !isPublic(address))
      if (inner) return callback(refused(hostname, inner.address), '')
      const [first] = found
      if (options.all) return callback(null, found)
      return callback(null, first?.address ?? '', first?.family)
    })
  }
}

function isPrivateAllowed(url: URL, privateHosts: readonly string[]): boolean {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  const names = [plain(url.hostname), url.hostname, `${url.hostname}:${port}`]
  return privateHosts.some((allowed) => names.includes(allowed.toLowerCase().replace(/\.$/, '')))
}

const plain = (host: string) => host.replace(/^\[|\]$/g, '').replace(/\.$/, '')

const refused = (host: string, address: string) =>
  new CourierError(
    `${host} leads to ${address}, which is not a public address. If it is meant to be reached there, add ${host} to SLUICE_PRIVATE_HOSTS.`,
    true,
  )
