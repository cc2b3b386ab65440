/** A peer sent something that is not HTTP/1, or that two parsers could understand in two ways. */
export class BrokenMessage extends Error {
  override name = 'BrokenMessage'
}
