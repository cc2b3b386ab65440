export interface Message {
  url: string
  headers: Record<string, string>
  body: string
}

/** Carries messages to addresses that people have named. */
export interface Courier {
  /**
   * Posts it, once. Follows no redirect, and connects to public addresses only, but for hosts that the operator allows.
   * `retryAfter`: seconds that the other side asks for. @throws CourierError
   */
  send(message: Message, signal: AbortSignal): Promise<{ status: number; retryAfter: number | null }>
}

export class CourierError extends Error {
  override name = 'CourierError'
  /** It would be refused again: the address is none that Sluice connects to. */
  readonly forGood: boolean
  constructor(message: string, forGood: boolean) {
    super(message)
    this.forGood = forGood
  }
}
