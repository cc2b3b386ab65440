/** Something that keeps Sluice from starting: what is wrong, and what to do next. */
export class StackError extends Error {
  override name = 'StackError'
  readonly next: string
  constructor(message: string, next: string) {
    super(message)
    this.next = next
  }
}
