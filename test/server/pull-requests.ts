import { sha } from './forge.ts'

/** What each forge sends of a pull request, by the fields that it documents. */
export interface RequestOptions {
  number?: number
  /** By the name that GitHub has for it. */
  action?: 'opened' | 'reopened' | 'synchronize' | 'closed' | 'labeled'
  branch?: string
  into?: string
  head?: string
  fork?: boolean
  title?: string
}

const given = (options: RequestOptions) => ({
  ...{ number: 12, action: 'opened' as const, branch: 'larger-buttons', into: 'main', head: sha(12) },
  ...{ fork: false, title: 'Larger buttons' },
  ...options,
})

export const githubRequest = (options: RequestOptions = {}) => {
  const { number, action, branch, into, head, fork, title } = given(options)
  const repo = { id: 1, full_name: 'acme/shop', fork: false, default_branch: 'main' }
  return {
    action,
    number,
    pull_request: {
      id: 1000 + number,
      number,
      state: action === 'closed' ? 'closed' : 'open',
      title,
      merged: action === 'closed',
      draft: false,
      user: { login: 'ada', id: 1 },
      html_url: `https://git.example.com/acme/shop/pull/${number}`,
      head: {
        label: `acme:${branch}`,
        ref: branch,
        sha: head,
        repo: fork ? { id: 2, full_name: 'mallory/shop', fork: true } : repo,
      },
      base: { label: `acme:${into}`, ref: into, sha: sha(1), repo },
    },
    repository: repo,
    sender: { login: 'ada', id: 1 },
  }
}

/** As GitHub, but for the names of some actions. */
export const giteaRequest = (options: RequestOptions = {}) => {
  const event = githubRequest(options)
  const names: Record<string, string> = { synchronize: 'synchronized', labeled: 'label_updated' }
  return { ...event, action: names[event.action] ?? event.action, requested_reviewer: null, commit_id: '' }
}

export const gitlabRequest = (options: RequestOptions = {}) => {
  const { number, action, branch, into, head, fork, title } = given(options)
  const names = {
    opened: 'open',
    reopened: 'reopen',
    synchronize: 'update',
    closed: 'merge',
    labeled: 'update',
  }
  return {
    object_kind: 'merge_request',
    event_type: 'merge_request',
    user: { id: 1, name: 'Ada', username: 'ada' },
    project: { id: 14, path_with_namespace: 'acme/shop', default_branch: 'main' },
    object_attributes: {
      id: 99,
      iid: number,
      target_branch: into,
      source_branch: branch,
      source_project_id: fork ? 15 : 14,
      target_project_id: 14,
      title,
      state: action === 'closed' ? 'merged' : 'opened',
      url: `https://git.example.com/acme/shop/merge_requests/${number}`,
      last_commit: { id: head, message: 'a change', author: { name: 'Ada' } },
      draft: false,
      action: names[action],
      ...(action === 'synchronize' ? { oldrev: sha(1) } : {}),
    },
    changes: action === 'labeled' ? { labels: { previous: [], current: [] } } : {},
  }
}

export const bitbucketRequest = (options: RequestOptions = {}) => {
  const { number, action, branch, into, head, fork, title } = given(options)
  const repository = (name: string) => ({ type: 'repository', full_name: name })
  return {
    actor: { type: 'user', nickname: 'ada' },
    repository: repository('acme/shop'),
    pullrequest: {
      type: 'pullrequest',
      id: number,
      title,
      state: action === 'closed' ? 'MERGED' : 'OPEN',
      links: { html: { href: `https://git.example.com/acme/shop/pull-requests/${number}` } },
      source: {
        branch: { name: branch },
        // Abbreviated, as in the published examples.
        commit: { type: 'commit', hash: head.slice(0, 12) },
        repository: repository(fork ? 'mallory/shop' : 'acme/shop'),
      },
      destination: {
        branch: { name: into },
        commit: { type: 'commit', hash: sha(1).slice(0, 12) },
        repository: repository('acme/shop'),
      },
    },
  }
}

/** The name that a forge has for such an event, in its header. */
export const eventNames = {
  github: () => 'pull_request',
  gitea: (action: string) => (action === 'synchronize' ? 'pull_request_sync' : 'pull_request'),
  forgejo: (action: string) => (action === 'synchronize' ? 'pull_request_sync' : 'pull_request'),
  gitlab: () => 'Merge Request Hook',
  bitbucket: (action: string) =>
    `pullrequest:${action === 'opened' ? 'created' : action === 'closed' ? 'fulfilled' : 'updated'}`,
}
