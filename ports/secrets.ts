/** Encrypts values for the store. AES-256-GCM; `context` (for example `shop/production/DATABASE_URL`) is authenticated. */
export interface Secrets {
  seal(plain: string, context: string): string
  /** @throws Error when the text was changed, or sealed for another context, or its key is gone. */
  open(sealed: string, context: string): string
  /**
   * Replaces these values by `***` in text that arrives in pieces, in the forms in which they leak: raw, base64,
   * URL-encoded and JSON-escaped, and each line of a value with several. Values under 6 characters are left alone.
   */
  mask(values: readonly string[]): Mask
}

/** One per output; keeps back only what may be the start of a value. */
export interface Mask {
  /** The text that can be shown so far. */
  push(text: string): string
  /** The rest, at the end of the output. */
  flush(): string
}
