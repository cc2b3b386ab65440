/** The bare repositories that people push to: one for each service whose source is `push`. */
export interface PushedRepositories {
  /**
   * Answers one request of git's smart HTTP. The repository is made when somebody first wants to push to it.
   * Nothing that is pushed is ever executed. @throws NothingPushed
   */
  serve(request: GitRequest, push: Push): Promise<GitAnswer>
  /** The commit that a branch means now; undefined when there is none. */
  head(serviceId: string, branch: string): Promise<string | undefined>
  /** Removes the repository of a service that was deleted. */
  forget(serviceId: string): Promise<void>
}

export interface GitRequest {
  serviceId: string
  service: 'git-receive-pack' | 'git-upload-pack'
  /** null asks which refs there are, which is how every exchange begins. */
  body: ReadableStream<Uint8Array> | null
  /** Bytes of the body, when they are known. */
  length: number | undefined
  /** git itself unpacks it. */
  gzip: boolean
  /** As in the header `Git-Protocol`. */
  protocol: string | undefined
}

export interface GitAnswer {
  status: number
  headers: Record<string, string>
  /** When it is cancelled, what git has begun is still finished. */
  body: ReadableStream<Uint8Array>
}

/** A ref before and after a push; null when it is made or removed by it. */
export interface RefUpdate {
  ref: string
  before: string | null
  after: string | null
}

/** Shows the pusher a line. Resolves when there is room for the next one. */
export type Tell = (line: string) => Promise<void>

/** What happens at the two turning points of a push. `gone` aborts when the pusher has left. */
export interface Push {
  /** All objects are there and checked, nothing has changed yet. False refuses all of it. */
  judge(updates: RefUpdate[], tell: Tell): Promise<boolean>
  /** These refs have changed. The pusher waits until it resolves. */
  changed(updates: RefUpdate[], tell: Tell, gone: AbortSignal): Promise<void>
  /**
   * git has ended: what has not changed by now never will.
   * @param cleanly false when it was killed or failed, so that refs may have changed without a word
   */
  ended(cleanly: boolean): Promise<void>
}

export class NothingPushed extends Error {
  override name = 'NothingPushed'
}
