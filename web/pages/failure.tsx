import type { LogLine } from '../../contract/deployment.ts'
import type { DeploymentView } from '../read/deployment.ts'
import { spansOf } from '../log/ansi.ts'
import { plainText } from './commit.tsx'

/** Why it failed, what to do, and what the step printed last. */
export function FailureCard({ deployment: { failure, compensation }, lastLines }: DeploymentView) {
  if (!failure) return null
  return (
    <section class="card failure">
      <h2>
        {failure.step ? `${failure.step} failed` : 'It failed'} <span class="badge">{failure.code}</span>
      </h2>
      <What message={failure.message} isShown={lastLines.length > 0} />
      <p>
        <strong>What to do:</strong> {failure.hint}{' '}
        <a href={failure.link.startsWith('/') ? failure.link : '/guides/when-a-deploy-fails'}>Read more</a>
      </p>
      {compensation === 'FAILED' ? (
        <p class="alert">Not everything could be undone. See the log of the agent.</p>
      ) : null}
      {lastLines.length > 0 ? <LastLines lines={lastLines} /> : null}
    </section>
  )
}

/** Its first line says it; what follows is what was printed, which may be shown as lines of the log already. */
function What({ message, isShown }: { message: string; isShown: boolean }) {
  const [first = '', ...rest] = message.split('\n')
  return (
    <>
      <p class="what">{plainText(first)}</p>
      {isShown || rest.length === 0 ? null : (
        <pre class="last-lines" tabindex={0} aria-label="What was said">
          {rest.map((line) => `${plainText(line)}\n`)}
        </pre>
      )}
    </>
  )
}

const LastLines = ({ lines }: { lines: LogLine[] }) => (
  <pre class="last-lines" tabindex={0} aria-label="What the step printed last">
    {lines.map(({ seq, text }) => (
      <a href={`#L${seq}`} tabindex={-1}>
        {spansOf(text).map((span) => (span.style ? <span class={span.style}>{span.text}</span> : span.text))}
        {'\n'}
      </a>
    ))}
  </pre>
)
