import { refSchema } from '../../../contract/service.ts'
import { SourceError } from '../../../ports/source.ts'

/** How a ref is looked up: names on the other side in order, then as a commit. */
export interface Reference {
  /** Full ref names; the first that exists is meant. */
  names: readonly string[]
  /** A full commit id, which no branch of that name can take the place of. */
  commit: string | undefined
  /** The beginning of a commit id, tried when no name fits. */
  abbreviation: string | undefined
}

/**
 * `main` is the branch `refs/heads/main`, else the tag `refs/tags/main`, and nothing that merely ends like it
 * (`heads/main` is never the branch `main`). A full `refs/heads/…` or `refs/tags/…`, the code of a pull request
 * (`refs/pull/…/head`, `refs/merge-requests/…/head`) and a 40-digit commit mean exactly themselves: a branch that
 * somebody named like one must not be deployed in its place.
 * @throws SourceError RefNotFound
 */
export function parseReference(ref: string): Reference {
  if (!refSchema.safeParse(ref).success) {
    throw new SourceError(
      'RefNotFound',
      `${JSON.stringify(ref)} is not the name of a branch, a tag or a commit.`,
    )
  }
  if (/^[0-9a-f]{40}$/i.test(ref)) return { names: [], commit: ref.toLowerCase(), abbreviation: undefined }
  // What the repository names as its default branch.
  if (ref === 'HEAD') return { names: ['HEAD'], commit: undefined, abbreviation: undefined }
  if (/^refs\/((heads|tags)\/.|(pull|merge-requests)\/[1-9]\d{0,8}\/head$)/.test(ref))
    return { names: [ref], commit: undefined, abbreviation: undefined }
  return {
    names: [`refs/heads/${ref}`, `refs/tags/${ref}`],
    commit: undefined,
    abbreviation: /^[0-9a-f]{7,39}$/i.test(ref) ? ref.toLowerCase() : undefined,
  }
}

/** Patterns for `ls-remote`, the peeled form of a tag among them. */
export const patternsOf = ({ names }: Reference): string[] => names.flatMap((name) => [name, `${name}^{}`])

/**
 * What `ls-remote` answered for the names, a tag peeled to its commit. Its patterns match any ref
 * that ends like them, so only the exact names count.
 */
export function chosenObject({ names }: Reference, listing: string): string | undefined {
  const objects = new Map(
    listing.split('\n').map((line): [string, string] => {
      const [object = '', name = ''] = line.split('\t')
      return [name, object]
    }),
  )
  const name = names.find((candidate) => objects.has(candidate))
  return name === undefined ? undefined : (objects.get(`${name}^{}`) ?? objects.get(name))
}
