import type { Problem } from '../../contract/problems.ts'
import type { Frame } from '../index.ts'
import { Findings } from './findings.tsx'
import { Layout, render } from './layout.tsx'

interface ProblemView {
  frame: Frame
  problem: Problem
  back: string
}

/** The API said no: what, why, and the way back. */
export const problemPage = ({ frame, problem, back }: ProblemView) =>
  render(
    <Layout frame={frame} title={problem.title} icon="failed">
      <section class="card">
        <h1>{problem.status === 404 ? 'Not found' : 'That was refused'}</h1>
        <p class="alert" role="alert">
          {problem.detail}
        </p>
        {problem.errors ? (
          <ul>
            {problem.errors.map(({ pointer, message }) => (
              <li>
                <code>{pointer}</code> {message}
              </li>
            ))}
          </ul>
        ) : null}
        {problem.findings ? <Findings findings={problem.findings} /> : null}
        <p class="hint">
          {problem.code} · request <code>{problem.requestId}</code>
        </p>
        <a class="button primary" href={back}>
          Back
        </a>
      </section>
    </Layout>,
  )
