import type { Problem } from '../../contract/problems.ts'
import type { Frame } from '../index.ts'
import { Layout, render } from './layout.tsx'

interface SignInView {
  frame: Frame
  next: string
  problem: Problem | undefined
}

export const signInPage = ({ frame, next, problem }: SignInView) =>
  render(
    <Layout frame={frame} title="Sign in">
      <section class="card narrow">
        <h1>Sign in</h1>
        {problem ? (
          <p class="alert" role="alert">
            {problem.status === 401 ? 'That token is not the right one.' : problem.detail}
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
            <code>sluice token</code> prints it on the machine that Sluice runs on.
          </p>
          <button class="primary">Sign in</button>
        </form>
      </section>
    </Layout>,
  )
