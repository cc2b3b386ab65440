import type { Finding } from '../../contract/deployment.ts'
import { plainText } from './commit.tsx'

/** Where on the environment's page something is put right. */
const places: Record<string, [anchor: string, name: string]> = {
  VariableUnreadable: ['variables', 'Variables'],
  DatabaseUnreachable: ['variables', 'Variables'],
  DomainTaken: ['settings', 'Domains'],
  RefNotFound: ['settings', 'Branch'],
}

/**
 * What a preflight found, each with its fix beside it.
 * @param place path of the environment's page
 */
export const Findings = ({ findings, place }: { findings: Finding[]; place?: string }) => (
  <ul class="findings">
    {findings.map(({ code, message, link, fix }) => (
      <li>
        <p>
          <strong>{code}</strong> {plainText(message)}
        </p>
        {fix ? <pre class="command">{fix}</pre> : null}
        {place && places[code] ? (
          <>
            <a href={`${place}#${places[code][0]}`}>{places[code][1]}</a> ·{' '}
          </>
        ) : null}
        <a href={link.startsWith('/') ? link : '/guides/before-a-deploy'}>How to put it right</a>
      </li>
    ))}
  </ul>
)
