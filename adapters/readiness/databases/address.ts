/** Where a variable says that a backing service is. */
export interface Address {
  kind: 'postgres' | 'mysql' | 'redis' | 'mongodb' | 'tcp'
  /** What people call it. */
  product: string
  /** Several when any of them may answer. */
  targets: Target[]
  user: string
  password: string
  database: string
  tls: boolean
}

/** `host` may be the folder of a Unix socket. */
export interface Target {
  host: string
  port: number
}

interface Scheme {
  kind: Address['kind']
  product: string
  port: number
  tls?: boolean
}

const postgres: Scheme = { kind: 'postgres', product: 'PostgreSQL', port: 5432 }
const mysql: Scheme = { kind: 'mysql', product: 'MySQL', port: 3306 }
const schemes: Record<string, Scheme> = {
  postgres,
  postgresql: postgres,
  postgis: postgres,
  mysql,
  mysql2: mysql,
  mariadb: { ...mysql, product: 'MariaDB' },
  redis: { kind: 'redis', product: 'Redis', port: 6379 },
  rediss: { kind: 'redis', product: 'Redis', port: 6379, tls: true },
  amqp: { kind: 'tcp', product: 'the message broker', port: 5672 },
  amqps: { kind: 'tcp', product: 'the message broker', port: 5671 },
  mongodb: { kind: 'mongodb', product: 'MongoDB', port: 27017 },
  nats: { kind: 'tcp', product: 'NATS', port: 4222 },
}

/**
 * Reads the urls that the drivers of the common languages take: `jdbc:` before it, a driver behind a plus
 * (`postgresql+asyncpg`), several hosts. undefined when it is no such url, or one with placeholders in it.
 */
export function parseAddress(name: string, value: string): Address | undefined {
  const match =
    /^(?:jdbc:)?([a-z0-9]+)(\+[a-z0-9_]+)?:\/\/([^/?#\s]*)([^?#\s]*)(?:\?([^#\s]*))?(?:#\S*)?$/i.exec(
      value.trim(),
    )
  // mongodb+srv and the like name no host that could be connected to.
  if (!match || match[2] === '+srv') return undefined
  const scheme = Object.hasOwn(schemes, match[1]!.toLowerCase())
    ? schemes[match[1]!.toLowerCase()]
    : undefined
  if (!scheme || (scheme.kind === 'tcp' && !name.endsWith('_URL'))) return undefined
  const parameters = new URLSearchParams(match[5])
  const { userinfo, hosts } = splitAuthority(match[3]!)
  const targets = targetsOf(hosts || (parameters.get('host') ?? ''), parameters.get('port'), scheme.port)
  if (targets.length === 0) return undefined
  // Only PostgreSQL's urls can name the folder of a socket.
  if (scheme.kind !== 'postgres' && targets.some(({ host }) => host.includes('/'))) return undefined
  const { user, password } = credentials(userinfo, parameters)
  return {
    kind: scheme.kind,
    product: scheme.product,
    targets,
    user,
    password,
    database: decode(match[4]!.slice(1)),
    tls: scheme.tls ?? asksForTls(parameters),
  }
}

function splitAuthority(authority: string): { userinfo: string; hosts: string } {
  const at = authority.lastIndexOf('@')
  return { userinfo: authority.slice(0, Math.max(0, at)), hosts: authority.slice(at + 1) }
}

function targetsOf(hosts: string, portParameter: string | null, standardPort: number): Target[] {
  const targets = hosts.split(',').map((part) => {
    const match = /^(\[[0-9a-f:.]+\]|[^:]*)(?::(\d{1,5}))?$/i.exec(part)
    const host = decode(match?.[1] ?? '').replace(/^\[(.*)\]$/, '$1')
    return {
      host: host || 'localhost',
      port: Number(match?.[2] ?? portParameter ?? standardPort),
      known: match !== null,
    }
  })
  const usable = targets.every(
    ({ host, port, known }) => known && /^[A-Za-z0-9._:/-]+$/.test(host) && port >= 1 && port <= 65535,
  )
  return usable ? targets.map(({ host, port }) => ({ host, port })) : []
}

function credentials(userinfo: string, parameters: URLSearchParams): { user: string; password: string } {
  const colon = userinfo.indexOf(':')
  const user = decode(colon < 0 ? userinfo : userinfo.slice(0, colon))
  const password = colon < 0 ? '' : decode(userinfo.slice(colon + 1))
  return {
    user: user || (parameters.get('user') ?? ''),
    password: password || (parameters.get('password') ?? ''),
  }
}

function asksForTls(parameters: URLSearchParams): boolean {
  const modes = ['sslmode', 'ssl-mode', 'sslMode', 'ssl', 'tls', 'useSSL'].map((name) => parameters.get(name))
  const strict = /^(require|required|verify[-_](ca|full|identity)|true|1)$/i
  return modes.some((mode) => mode !== null && strict.test(mode))
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
