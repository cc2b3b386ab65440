/** Numbers of the field; each says where it comes from. Milliseconds unless the name says otherwise. */
export const defaults = {
  /** TCP connect on PORT within 60 s (Scalingo, Heroku). */
  bootTimeout: 60_000,
  /** SIGTERM, 30 s, SIGKILL (Scalingo, Heroku, kamal-proxy). */
  drain: 30_000,
  /** A new release is watched this long after the switch (Nomad: healthy for 10 s; Dokku waits 10 s). */
  soak: 10_000,
  /** A worker that is still there after this has booted; the soak goes on watching it. */
  workerWatch: 3_000,
  /** A hook gets 20 minutes (Scalingo). */
  hookTimeout: 20 * 60_000,
  /** An install or build gets 15 minutes each (Heroku's build limit); the deploy as a whole 60. */
  buildTimeout: 15 * 60_000,
  deployTimeout: 60 * 60_000,
  /** A run or a cron entry gets a day (Heroku's one-off dynos). */
  runTimeout: 24 * 60 * 60_000,
  /** One health request (kamal-proxy). */
  healthTimeout: 5_000,
  /** Releases kept for an instant rollback (Capistrano, Deployer). */
  keepReleases: 5,
  /** Bytes free on a disk before a deployment starts: a checkout with its dependencies and a build stays below nearly always. */
  leastFree: 1024 ** 3,
  /** Bytes that the caches of builds may hold, of one service and in all: a large Node service has about 1 GiB. */
  serviceCache: 5 * 1024 ** 3,
  allCaches: 20 * 1024 ** 3,
  /** Bytes of output kept in a failure; the whole is in the log. */
  failureTail: 16 * 1024,
  /** Bytes of log stored per step of a deployment; what comes after is counted, not kept. */
  stepLogCap: 16 * 1024 * 1024,
  /** Bytes of the running service's log kept per release, in two files. */
  serviceLogCap: 10 * 1024 * 1024,
} as const
