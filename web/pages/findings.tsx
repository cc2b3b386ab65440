import type { Finding } from '../../contract/deployment.ts'
import { plainText } from './commit.tsx'

/** What a preflight found, each with its fix beside it. */
export const Findings = ({ findings }: { findings: Finding[] }) => (
  <ul class="findings">
    {findings.map(({ code, message, link, fix }) => (
      <li>
        <p>
          <strong>{code}</strong> {plainText(message)}
        </p>
        {fix ? <pre class="command">{fix}</pre> : null}
        <a href={link.startsWith('/') ? link : '/guides/before-a-deploy'}>How to put it right</a>
      </li>
    ))}
  </ul>
)
