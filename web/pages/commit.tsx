import { isArchiveRef, shortCommit } from '../../contract/archive-ref.ts'
import { spansOf } from '../log/ansi.ts'

interface CommitProps {
  sha: string | null
  message?: string | null | undefined
  sourceUrl?: string | undefined
}

/** A commit: linked where the repository is on the web. */
export function Commit({ sha, message, sourceUrl }: CommitProps) {
  if (!sha) return null
  // The sum of an archive is nothing that the repository knows.
  const base = isArchiveRef(sha) ? undefined : webUrl(sourceUrl)
  const short = <code>{shortCommit(sha, 8)}</code>
  return (
    <span class="commit">
      {base ? <a href={`${base}/commit/${sha}`}>{short}</a> : short}
      {message ? <span class="message"> {plainText(message.split('\n')[0] ?? '')}</span> : null}
    </span>
  )
}

function webUrl(sourceUrl: string | undefined): string | undefined {
  if (!sourceUrl?.startsWith('https://') || !URL.canParse(sourceUrl)) return undefined
  const url = new URL(sourceUrl)
  url.username = ''
  url.password = ''
  return url.href.replace(/(\.git)?\/?$/, '')
}

/** Without what acts on a terminal. */
export const plainText = (text: string): string =>
  spansOf(text)
    .map((span) => span.text)
    .join('')
