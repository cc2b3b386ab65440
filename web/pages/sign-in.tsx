import type { Problem } from '../../contract/problems.ts'
import type { Frame } from '../index.ts'
import { Layout, render } from './layout.tsx'

interface SignInView {
  frame: Frame
  next: string
  problem: Problem | undefined
  /** It was tried with a link. */
  link: boolean
}

export const signInPage = ({ frame, next, problem, link }: SignInView) =>
  render(
    <Layout frame={frame} title="Sign in">
      <section class="card narrow">
        <h1>Sign in</h1>
        {problem ? (
          <p class="alert" role="alert">
            {problem.status === 401 ? wrong(link) : problem.detail}
          </p>
        ) : null}
        <form method="post" action="/sign-in" class="stack">
          <input type="hidden" name="next" value={next} />
          <label for="token">Token</label>
          <input
            id="token"
            name="token"
            type="password"
            autocomplete="current-password"
            required
            autofocus
            spellcheck={false}
          />
          <p class="hint">
            <code>sluice open</code> signs you in without it; <code>sluice token</code> prints it. Both on the
            machine that Sluice runs on.
          </p>
          <button class="primary">Sign in</button>
        </form>
        <form method="post" action="/sign-in/link" id="link" hidden>
          <input type="hidden" name="code" />
        </form>
      </section>
    </Layout>,
  )

const wrong = (link: boolean): string =>
  link
    ? 'That link was used already, or is older than a minute. `sluice open` makes another one.'
    : 'That token is not the right one.'
