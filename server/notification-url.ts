import { isPublicHost } from './public-host.ts'

/** Without a final sentence: the caller says which field it is. */
export class NotificationUrlError extends Error {
  override name = 'NotificationUrlError'
}

/**
 * Where a notification may be sent, as far as the text tells; what its host resolves to is checked at each connection.
 * @throws NotificationUrlError
 */
export function notificationUrl(text: string, privateHosts: readonly string[]): URL {
  const url = URL.parse(text)
  // `https:///host/x` and the like mean different hosts to different readers.
  if (!url || !/^https?:\/\/[^/\\]/i.test(text) || /[\p{Cc}\s\\]/u.test(text))
    throw new NotificationUrlError('must be an https url')
  if (url.username || url.password || text.split(/[/?#]/)[2]?.includes('@'))
    throw new NotificationUrlError('must not hold a user or a password: give a secret instead')
  const allowed = isAllowedPrivate(url, privateHosts)
  if (url.protocol !== 'https:' && !allowed)
    throw new NotificationUrlError('must be https: what is sent would be readable on its way')
  if (!allowed && !isPublicHost(url.hostname.replace(/^\[|\]$/g, '')))
    throw new NotificationUrlError(
      `leads to ${url.hostname}, which is not a public address. Name the host in SLUICE_PRIVATE_HOSTS to allow it`,
    )
  url.hash = ''
  return url
}

function isAllowedPrivate(url: URL, privateHosts: readonly string[]): boolean {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  const names = [url.hostname, url.hostname.replace(/^\[|\]$/g, ''), `${url.hostname}:${port}`]
  return privateHosts.some((host) => names.includes(host.toLowerCase().replace(/\.$/, '')))
}
