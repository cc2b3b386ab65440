import type { HttpBindings } from '@hono/node-server'
import type { Hono } from 'hono'
import type { Logger } from 'pino'
import type { Settings } from '../contract/settings.ts'
import type { Archives, ReceivedArchive } from '../ports/archives.ts'
import type { Caller } from '../contract/token.ts'
import type { TaskQueues, ThisHost } from '../ports/hosts.ts'
import type { PushedRepositories } from '../ports/pushed-repositories.ts'
import type { Readiness } from '../ports/readiness.ts'
import type { RunStarter } from '../ports/run-starter.ts'
import type { Schedules } from '../ports/schedules.ts'
import type { Secrets } from '../ports/secrets.ts'
import type { Source } from '../ports/source.ts'
import type { Store } from '../ports/store.ts'
import type { Call } from './authorise.ts'
import type { Lanes } from './lanes.ts'

/** What the API works with; `main.ts` puts the real ones in. */
export interface AppDeps {
  store: Store
  secrets: Secrets
  readiness: Readiness
  source: Source
  archives: Archives
  repositories: PushedRepositories
  lanes: Lanes
  schedules: Schedules
  thisHost: ThisHost
  taskQueues: TaskQueues
  runs: RunStarter
  settings: Pick<
    Settings,
    'apiAddress' | 'archiveLimit' | 'host' | 'privateHosts' | 'routerPort' | 'sourceRoots' | 'url'
  >
  /** The token of the installation, which may do everything; others are in the store. */
  token: string
  log: Logger
  now: () => Date
  /** Aborted when the server stops: streams end, clients resume elsewhere or later. */
  stopping: AbortSignal
  /** Pages beside the API. They see what it answers: `ask` sends it a request without a socket. */
  dashboard?: (
    ask: (request: Request, env: AppEnv['Bindings']) => Response | Promise<Response>,
  ) => Hono<AppEnv>
}

export interface AppEnv {
  Bindings: Partial<HttpBindings>
  Variables: {
    /** In the log, in every problem and in `X-Request-Id`. */
    requestId: string
    /** What makes a POST that starts something safe to repeat; derived from its Idempotency-Key. */
    enqueueId: string
    /** The archive that the body was, once it is on the disk. */
    upload: ReceivedArchive | undefined
    /** Whose token it is; set for everything that needs one. */
    caller: Caller
    /** Absent where there is no such route. */
    call?: Call
  }
}
