import type { Plan } from '../contract/plan.ts'

/** Sourced before every command of a release that classic buildpacks have built, whose home is the release folder. */
const profile = `HOME=$PWD
export HOME
for file in .profile.d/*.sh; do
  if [ -r "$file" ]; then . "./$file"; fi
done
if [ -r .profile ]; then . ./.profile; fi
unset file
eval "$1"`

/** A command of a release at run time; its profile comes first where buildpacks of others have built it. */
export function withProfile({ packs = [] }: Plan, command: string): string {
  if (!packs.some(({ url }) => url !== null)) return command
  const words = [profile, 'profile', command].map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
  // Such scripts are written for bash, and mostly also run in others.
  return `exec "$(command -v bash || command -v sh)" -c ${words.join(' ')}`
}
