import ipaddr from 'ipaddr.js'

/** Names that mean this machine or its network, whatever a resolver says. */
const privateNames = /(^|\.)(localhost|local|internal|localdomain|home\.arpa|lan)$/

/**
 * Whether a host may be a public one, as far as its name tells: a name that resolves to a private address is refused
 * later, when it is connected to. `host` as a URL parser gives it, so `127.1` and `0x7f000001` are `127.0.0.1` already.
 */
export function isPublicHost(host: string): boolean {
  const name = host.replace(/\.$/, '')
  if (!ipaddr.isValid(name)) return name.includes('.') && !privateNames.test(name)
  // An IPv4 address in IPv6 clothes is judged as what it is.
  return ipaddr.process(name).range() === 'unicast'
}
