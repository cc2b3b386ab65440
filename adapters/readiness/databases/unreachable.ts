import type { Target } from './address.ts'

/** Why a backing service cannot be used: a clause such as "nothing listens on 127.0.0.1:5499", and what to do. */
export class Unreachable extends Error {
  override name = 'Unreachable'
  readonly remedy: string
  constructor(reason: string, remedy: string) {
    super(reason)
    this.remedy = remedy
  }
}

export const placeOf = ({ host, port }: Target): string =>
  host.startsWith('/')
    ? `the socket in ${host}`
    : host.includes(':')
      ? `[${host}]:${port}`
      : `${host}:${port}`

/** What a failed connection means. */
export function connectionFailure(error: unknown, target: Target, product: string): Unreachable {
  if (error instanceof Unreachable) return error
  const place = placeOf(target)
  const start = `Start ${product} there, or correct the address.`
  switch (codeOf(error)) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return new Unreachable(`nothing listens on ${place}`, start)
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NODATA':
      return new Unreachable(
        `the name ${target.host} does not resolve`,
        'Correct the host name, or check the DNS of this machine.',
      )
    case 'ETIMEDOUT':
      return new Unreachable(
        `${place} does not answer`,
        'Check that it runs and that no firewall is in between.',
      )
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return new Unreachable(
        `there is no route to ${place}`,
        'Check the address and the network of this machine.',
      )
    case 'EACCES':
      return new Unreachable(`${place} may not be opened`, 'Check the permissions of the socket.')
    case 'ECONNRESET':
    case 'EPIPE':
      return new Unreachable(
        `${place} closes the connection before it answers as ${product}`,
        'Check that the port is the right one.',
      )
    default:
      return new Unreachable(`${place} does not answer as ${product}: ${shortened(messageOf(error))}`, start)
  }
}

/** A server's own words, safe to show. */
export function shortened(text: string): string {
  return text
    .replaceAll(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, 200)
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** A certificate that this machine cannot check. Whether it is trusted is between the service and its database. */
export function isCertificateError(error: unknown): boolean {
  const code = codeOf(error)
  return code !== undefined && /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY|DECRYPT)/.test(code)
}
