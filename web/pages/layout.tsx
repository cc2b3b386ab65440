import type { Child } from 'hono/jsx'
import type { Caller } from '../../contract/token.ts'
import type { Frame } from '../index.ts'
import { Allowed, WhoAsks } from './allowed.tsx'

interface LayoutProps {
  frame: Frame
  title: string
  /** Of the tab: what the page is about. */
  icon?: string
  children?: Child
}

/** A whole page. What has `data-live` and an id is brought up to date while it is open. */
export const render = (page: { toString(): string }): string => `<!doctype html>${page.toString()}`

export function Layout({ frame, title, icon = 'idle', children }: LayoutProps) {
  const assets = `/assets/${frame.hash}`
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title} · Sluice</title>
        <link rel="icon" type="image/svg+xml" href={`/assets/icon/${icon}`} />
        <link rel="stylesheet" href={`${assets}/style.css`} />
        <script src={`${assets}/client.js`} defer></script>
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to content
        </a>
        <header class="bar">
          <a class="brand" href="/">
            <img src="/assets/icon/idle" alt="" width="24" height="24" />
            Sluice
          </a>
          {frame.signedIn ? <Navigation {...frame} /> : null}
        </header>
        <WhoAsks.Provider value={frame.caller?.role}>
          <main id="main">{children}</main>
        </WhoAsks.Provider>
        <footer>
          <span id="connection" role="status"></span>
          <a href="/guides/when-a-deploy-fails">When a deploy fails</a>
          <a href="/docs">API</a>
          <span class="keys-hint">
            <kbd>?</kbd> keys
          </span>
        </footer>
        <dialog id="keys" aria-label="Keys">
          <h2>Keys</h2>
          <dl>
            <dt>j, k</dt>
            <dd>next, previous entry</dd>
            <dt>/</dt>
            <dd>search</dd>
            <dt>f</dt>
            <dd>follow the log</dd>
            <dt>?</dt>
            <dd>this list</dd>
          </dl>
          <form method="dialog">
            <button>Close</button>
          </form>
        </dialog>
      </body>
    </html>
  )
}

function Navigation({ path, caller }: { path: string; caller?: Caller | undefined }) {
  const Place = ({ to, name }: { to: string; name: string }) => (
    <a href={to} aria-current={path === to ? 'page' : undefined}>
      {name}
    </a>
  )
  const reachesAll = caller?.serviceId === null
  return (
    <WhoAsks.Provider value={caller?.role}>
      <nav aria-label="Main">
        <Place to="/" name="Services" />
        <Allowed needs="admin">{reachesAll ? <Place to="/new" name="New" /> : null}</Allowed>
        {reachesAll ? <Place to="/hosts" name="Hosts" /> : null}
        <Place to="/settings" name="Settings" />
        <Allowed needs="admin">
          <Place to="/audit" name="Audit" />
        </Allowed>
        <form method="post" action="/sign-out">
          <button class="quiet">Sign out</button>
        </form>
      </nav>
    </WhoAsks.Provider>
  )
}
