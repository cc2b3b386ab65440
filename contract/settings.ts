import os from 'node:os'
import path from 'node:path'
import { z } from '@hono/zod-openapi'
import { defaults } from './defaults.ts'

const port = (standard: number) =>
  z.coerce
    .number()
    .int('must be a whole number')
    .min(1, 'must be a port from 1 to 65535')
    .max(65535)
    .default(standard)

const mebibytes = (standard: number) =>
  z.coerce
    .number()
    .int('must be a whole number')
    .min(0)
    .default(standard / 1024 ** 2)

const list = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean),
  )

/** All settings, from environment variables, in one place. Every process of Sluice parses the same ones. */
export const settingsSchema = z
  .object({
    SLUICE_HOME: z
      .string()
      .default(() => defaultHome())
      .transform((home) => path.resolve(home)),
    SLUICE_ADDRESS: z.string().default('127.0.0.1').describe('Address that the API binds'),
    SLUICE_API_PORT: port(7700),
    SLUICE_ROUTER_ADDRESS: z.string().default('127.0.0.1'),
    SLUICE_ROUTER_PORT: port(8080),
    SLUICE_TEMPORAL_PORT: port(7710),
    SLUICE_TEMPORAL_UI_PORT: port(7711),
    SLUICE_POSTGRES_PORT: port(7712),
    SLUICE_HOST: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,62}$/)
      .default('local')
      .describe('Name of this machine as a deploy target; its agent polls the queue host/<name>'),
    SLUICE_TOKEN: z.string().min(16, 'must be at least 16 characters').optional(),
    SLUICE_URL: z.url().optional().describe('Where people and the CLI reach the API'),
    DATABASE_URL: z.string().optional().describe("Sluice's own PostgreSQL; embedded when absent"),
    SLUICE_POSTGRES: z
      .enum(['auto', 'embedded'])
      .default('auto')
      .describe("auto prefers the machine's own PostgreSQL binaries"),
    TEMPORAL_ADDRESS: z.string().optional().describe('A Temporal server; embedded when absent'),
    TEMPORAL_NAMESPACE: z.string().default('default'),
    SLUICE_TEMPORAL_UI_URL: z.string().optional(),
    SLUICE_SOURCE_ROOTS: list.describe('Folders whose local git repositories may be deployed'),
    SLUICE_PRIVATE_HOSTS: list.describe(
      'Hosts on private addresses that may be reached (a self-hosted forge)',
    ),
    SLUICE_CA_FILE: z.string().optional().describe('Certificate authority for git and archives over https'),
    SLUICE_ARCHIVE_LIMIT: z.coerce
      .number()
      .int()
      .min(1)
      .default(1024)
      .describe('MiB of an archive that is deployed, at most; it may unpack to four times as much'),
    SLUICE_SERVICE_PORTS: z
      .string()
      .regex(/^\d{4,5}-\d{4,5}$/)
      .default('20000-29999')
      .describe('Ports for releases; outside the range that the kernel gives to outgoing connections'),
    SLUICE_LEAST_FREE: z.coerce
      .number()
      .int()
      .min(0)
      .default(defaults.leastFree / 1024 ** 2)
      .describe(
        'MiB that must be free on each disk before a deployment starts; on a small disk a twentieth will do',
      ),
    SLUICE_CACHE_LIMIT: mebibytes(defaults.allCaches).describe(
      'MiB that the caches of all builds may hold together; 0 for no limit',
    ),
    SLUICE_SERVICE_CACHE_LIMIT: mebibytes(defaults.serviceCache).describe(
      'MiB that those of one service may hold; 0 for no limit',
    ),
    SLUICE_ISOLATION: z
      .enum(['auto', 'none'])
      .default('auto')
      .describe('auto: when root, each service runs as a user of its own'),
    SLUICE_SOAK: z.coerce
      .number()
      .min(0)
      .max(900)
      .default(defaults.soak / 1000)
      .describe('Seconds that a new release is watched after the switch, where its service does not say'),
    SLUICE_ARCHIVE_AFTER: z.coerce
      .number()
      .int()
      .min(0)
      .max(36500)
      .default(0)
      .describe('Days after which ended deployments are archived; 0 for never'),
    SLUICE_FIRST_DEPLOY: z
      .enum(['on', 'off'])
      .default('on')
      .describe('Whether the first `sluice up` deploys the example service'),
    SLUICE_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  })
  .transform((env) => ({
    home: env.SLUICE_HOME,
    apiAddress: env.SLUICE_ADDRESS,
    apiPort: env.SLUICE_API_PORT,
    routerAddress: env.SLUICE_ROUTER_ADDRESS,
    routerPort: env.SLUICE_ROUTER_PORT,
    temporalPort: env.SLUICE_TEMPORAL_PORT,
    temporalUiPort: env.SLUICE_TEMPORAL_UI_PORT,
    postgresPort: env.SLUICE_POSTGRES_PORT,
    host: env.SLUICE_HOST,
    token: env.SLUICE_TOKEN,
    url: env.SLUICE_URL ?? `http://127.0.0.1:${env.SLUICE_API_PORT}`,
    databaseUrl: env.DATABASE_URL,
    postgres: env.SLUICE_POSTGRES,
    temporalAddress: env.TEMPORAL_ADDRESS,
    temporalNamespace: env.TEMPORAL_NAMESPACE,
    temporalUiUrl: env.SLUICE_TEMPORAL_UI_URL ?? `http://127.0.0.1:${env.SLUICE_TEMPORAL_UI_PORT}`,
    sourceRoots: env.SLUICE_SOURCE_ROOTS,
    privateHosts: env.SLUICE_PRIVATE_HOSTS,
    caFile: env.SLUICE_CA_FILE,
    archiveLimit: env.SLUICE_ARCHIVE_LIMIT * 1024 ** 2,
    servicePorts: env.SLUICE_SERVICE_PORTS.split('-').map(Number) as [number, number],
    leastFree: env.SLUICE_LEAST_FREE * 1024 ** 2,
    cacheLimit: env.SLUICE_CACHE_LIMIT * 1024 ** 2,
    serviceCacheLimit: env.SLUICE_SERVICE_CACHE_LIMIT * 1024 ** 2,
    isolation: env.SLUICE_ISOLATION,
    soakMs: Math.round(env.SLUICE_SOAK * 1000),
    archiveAfterDays: env.SLUICE_ARCHIVE_AFTER,
    firstDeploy: env.SLUICE_FIRST_DEPLOY === 'on',
    logLevel: env.SLUICE_LOG_LEVEL,
  }))
export type Settings = z.output<typeof settingsSchema>

/** @throws Error that names each variable that is wrong. */
export function readSettings(environment: NodeJS.ProcessEnv = process.env): Settings {
  // An empty variable means "not set", as in a docker-compose file.
  const present = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const parsed = settingsSchema.safeParse(present)
  if (parsed.success) return parsed.data
  const lines = parsed.error.issues.map((wrong) => `  ${wrong.path.join('.')}: ${wrong.message}`)
  throw new Error(`These settings are wrong:\n${lines.join('\n')}`)
}

function defaultHome(): string {
  if (process.getuid?.() === 0) return '/var/lib/sluice'
  if (process.platform === 'darwin')
    return path.join(os.homedir(), 'Library', 'Application Support', 'sluice')
  return path.join(process.env['XDG_DATA_HOME'] ?? path.join(os.homedir(), '.local', 'share'), 'sluice')
}

/** Where things lie in the home. One place, because `up`, the agent and the router must agree. */
export const homePaths = (home: string) => ({
  /** Durable facts of Sluice itself, 0700. */
  token: path.join(home, 'secrets', 'token'),
  keys: path.join(home, 'secrets', 'keys.json'),
  postgresPassword: path.join(home, 'secrets', 'postgres-password'),
  secrets: path.join(home, 'secrets'),
  postgres: path.join(home, 'postgres'),
  temporal: path.join(home, 'temporal'),
  tools: path.join(home, 'tools'),
  logs: path.join(home, 'logs'),
  run: path.join(home, 'run'),
  routerState: path.join(home, 'router', 'routes.json'),
  routerSocket: path.join(home, 'run', 'router.sock'),
  mirrors: path.join(home, 'mirrors'),
  archives: path.join(home, 'archives'),
  /** Of services that are pushed to. */
  repositories: path.join(home, 'repositories'),
  /** Of the services' builds. */
  caches: path.join(home, 'caches'),
  /** Buildpacks of others. */
  packs: path.join(home, 'packs'),
  bundles: path.join(home, 'bundles'),
  jobs: path.join(home, 'jobs'),
  instances: path.join(home, 'instances'),
  environments: path.join(home, 'environments'),
  /** The example service's repository, made at the first start. */
  examples: path.join(home, 'examples'),
})
