/** An error whose text is written for the person who runs the command; it is printed without a stack. */
export class UserError extends Error {
  override readonly cause: string | undefined
  readonly fix: string | undefined

  /** @param options `fix`: what to do next; `cause`: what lies beneath, in its own words */
  constructor(message: string, options: { fix?: string; cause?: string } = {}) {
    super(message)
    this.cause = options.cause
    this.fix = options.fix
  }
}
