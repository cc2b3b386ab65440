import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { writeDurable } from '../../files/durable.ts'

/**
 * git runs these and no others. What they are told goes on to the process that started git, over a socket that they
 * inherit as descriptor 3; what comes back is shown to the pusher. When that process dies the socket ends, so a push
 * that nobody can judge any more is refused.
 */
const preReceive = `#!/bin/sh
{ echo pre-receive; cat; echo; } >&3
while IFS= read -r line <&3; do
  case $line in
    accept) exit 0 ;;
    refuse) exit 1 ;;
    *) printf '%s\\n' "\${line#|}" ;;
  esac
done
echo 'Sluice was stopped in the middle of this. Nothing has changed: push again.'
exit 1
`

const postReceive = `#!/bin/sh
{ echo post-receive; cat; echo; } >&3
exec cat <&3
`

/** Writes them below the repositories. Answers their folder. */
export async function writeHooks(repositories: string): Promise<string> {
  const folder = path.join(repositories, '.hooks')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await writeDurable(path.join(folder, 'pre-receive'), preReceive, { mode: 0o700 })
  await writeDurable(path.join(folder, 'post-receive'), postReceive, { mode: 0o700 })
  return folder
}
