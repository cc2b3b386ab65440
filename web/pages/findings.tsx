import type { Finding } from '../../contract/deployment.ts'
import { plainText } from './commit.tsx'

/** What a preflight found, each with its fix beside it. */
export const Findings = ({ findings }: { findings: Finding[] }) => (
  <ul class="findings">
    {findings.map(({ code, message, link, guide, fix }) => (
      <li>
        <p>
          <strong>{code}</strong> {plainText(message)}
        </p>
        {fix ? <pre class="command">{fix}</pre> : null}
        {link === guide ? null : (
          <>
            <a href={ownPath(link)}>Where to put it right</a> ·{' '}
          </>
        )}
        <a href={ownPath(guide ?? '')}>What it means</a>
      </li>
    ))}
  </ul>
)

const ownPath = (link: string): string => (/^\/(?!\/)/.test(link) ? link : '/guides/before-a-deploy')
