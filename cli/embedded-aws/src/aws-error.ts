import type { z } from 'zod'

/** An error as AWS's JSON protocols answer it. */
export class AwsError extends Error {
  readonly type: string
  /** @param type the exception's name, as the service's API reference lists it */
  constructor(type: string, message: string) {
    super(message)
    this.type = type
  }
}

/** @throws AwsError of that type, which names the first member at fault */
export function parseOrRefuse<Schema extends z.ZodType>(type: string, schema: Schema, input: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(input)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new AwsError(type, `${issue?.path.join('.')}: ${issue?.message}`)
}
