import { z } from '@hono/zod-openapi'
import { requestNumberSchema } from '../../contract/preview.ts'
import type { WebhookProvider } from '../../contract/webhook.ts'
import type { PullRequestFacts } from '../../ports/preview-store.ts'

/** A pull or merge request, as a forge tells it. */
export interface PullRequest extends PullRequestFacts {
  /** `open`: it wants to be seen, at this commit. `other`: nothing about its code has changed. */
  action: 'open' | 'close' | 'other'
  /** Bitbucket tells the first digits only. */
  commitSha: string
  /** Where the service's own repository has the code of a fork; null where its forge has no such ref. */
  forkRef: string | null
}

/** How a kind of forge tells of pull requests. */
export interface PullRequestDialect {
  event: RegExp
  read(body: unknown, event: string): PullRequest
}

const name = z.string().min(1).max(1000)
const sha = z.string().regex(/^([0-9a-f]{40}|[0-9a-f]{64})$/)
const end = z.object({ ref: name, sha, repo: z.object({ full_name: name }).nullish() })

/** GitHub, Gitea and Forgejo. */
const pullRequestEvent = z.object({
  action: z.string(),
  number: requestNumberSchema,
  pull_request: z.object({
    state: z.string(),
    title: z.string().default(''),
    html_url: z.string().nullish(),
    head: end,
    base: end.omit({ sha: true }),
  }),
})

const opening = /^(opened|reopened|synchronized?)$/

const pullRequest: PullRequestDialect = {
  event: /^pull_request(_sync)?$/,
  read(body) {
    const { action, number, pull_request: request } = pullRequestEvent.parse(body)
    const { state, title, html_url: url, head, base } = request
    const opens = opening.test(action) && state !== 'closed'
    return {
      ...shown(number, title, url),
      action: opens ? 'open' : action === 'closed' ? 'close' : 'other',
      branch: head.ref,
      targetBranch: base.ref,
      commitSha: head.sha,
      // The repository of a fork may be gone already.
      fromFork: !head.repo || head.repo.full_name !== base.repo?.full_name,
      forkRef: `refs/pull/${number}/head`,
    }
  },
}

const mergeRequestEvent = z.object({
  object_attributes: z.object({
    iid: requestNumberSchema,
    action: z.string().nullish(),
    oldrev: z.string().nullish(),
    title: z.string().default(''),
    url: z.string().nullish(),
    source_branch: name,
    target_branch: name,
    source_project_id: z.number().nullish(),
    target_project_id: z.number(),
    last_commit: z.object({ id: sha }).nullish(),
  }),
})

const gitlab: PullRequestDialect = {
  event: /^Merge Request Hook$/,
  read(body) {
    const { object_attributes: request } = mergeRequestEvent.parse(body)
    const { iid, title, url, action, oldrev, last_commit: commit } = request
    // An update without an old revision is about its words, its labels or its reviewers.
    const opens = action === 'open' || action === 'reopen' || (action === 'update' && Boolean(oldrev))
    return {
      ...shown(iid, title, url),
      action: opens && commit ? 'open' : action === 'close' || action === 'merge' ? 'close' : 'other',
      branch: request.source_branch,
      targetBranch: request.target_branch,
      commitSha: commit?.id ?? '',
      fromFork: request.source_project_id !== request.target_project_id,
      forkRef: `refs/merge-requests/${iid}/head`,
    }
  },
}

const side = z.object({
  branch: z.object({ name }),
  commit: z.object({ hash: z.string().regex(/^[0-9a-f]{7,64}$/) }).nullish(),
  repository: z.object({ full_name: name }).nullish(),
})
const bitbucketEvent = z.object({
  pullrequest: z.object({
    id: requestNumberSchema,
    title: z.string().default(''),
    links: z.object({ html: z.object({ href: z.string() }).optional() }).optional(),
    source: side,
    destination: side,
  }),
})

const bitbucket: PullRequestDialect = {
  event: /^pullrequest:(created|updated|fulfilled|rejected)$/,
  read(body, event) {
    const { id, title, links, source, destination } = bitbucketEvent.parse(body).pullrequest
    const opens = /:(created|updated)$/.test(event)
    return {
      ...shown(id, title, links?.html?.href),
      action: opens ? (source.commit ? 'open' : 'other') : 'close',
      branch: source.branch.name,
      targetBranch: destination.branch.name,
      commitSha: source.commit?.hash ?? '',
      fromFork: !source.repository || source.repository.full_name !== destination.repository?.full_name,
      forkRef: null,
    }
  },
}

export const pullRequestDialects: Record<WebhookProvider, PullRequestDialect> = {
  github: pullRequest,
  gitea: pullRequest,
  forgejo: pullRequest,
  gitlab,
  bitbucket,
}

const shown = (number: number, title: string, url: string | null | undefined) => ({
  number,
  title: title.slice(0, 200),
  url: url && url.length <= 2000 && /^https?:\/\//.test(url) && URL.canParse(url) ? url : null,
})
