/** An error as AWS's JSON protocols answer it. */
export class AwsError extends Error {
  readonly type: string
  /** @param type the exception's name, as the service's API reference lists it */
  constructor(type: string, message: string) {
    super(message)
    this.type = type
  }
}
