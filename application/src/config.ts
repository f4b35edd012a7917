import { z } from 'zod'

const seconds = z.coerce.number('must be a number of seconds').min(0, 'must be at least 0 seconds').max(110, 'must be below the 120 seconds Fargate gives a task to stop')

/** Every setting of the app, by the name of its environment variable. The task definition gives the first five, ECS the sixth. */
const settingsSchema = z.object({
  PORT: z.coerce.number('must be a port number').int('must be a whole number').min(0, 'must be from 0 to 65535').max(65535, 'must be from 0 to 65535').default(8080),
  APP_ENV: z.string().min(1, 'must not be empty').default('local'),
  AWS_REGION: z.string().min(1, 'must not be empty').default('local'),
  IMAGE_TAG: z.string().min(1, 'must not be empty').default('none'),
  /** The commit that the image was built from, where that is known. */
  IMAGE_COMMIT: z.string().min(1, 'must not be empty').optional(),
  ECS_CONTAINER_METADATA_URI_V4: z.url('must be a URL').optional(),
  /** Baked into the image by its build. */
  APP_VERSION: z.string().min(1, 'must not be empty').default('0.0.0'),
  /** Where metrics are asked for, and by whom: only this machine, which is the task, unless METRICS_HOST says otherwise. Without a port there are none. */
  METRICS_PORT: z.coerce.number('must be a port number').int('must be a whole number').min(0, 'must be from 0 to 65535').max(65535, 'must be from 0 to 65535').optional(),
  METRICS_HOST: z.string().min(1, 'must not be empty').default('127.0.0.1'),
  HOST: z.string().min(1, 'must not be empty').default('0.0.0.0'),
  BODY_LIMIT_BYTES: z.coerce.number('must be a number of bytes').int('must be a whole number').min(0, 'must be at least 0').default(1024 * 1024),
  DRAIN_UNREADY_SECONDS: seconds.default(11),
  DRAIN_SILENCE_SECONDS: seconds.default(6),
  DRAIN_DEADLINE_SECONDS: seconds.default(25),
})
export type Settings = z.infer<typeof settingsSchema>

/**
 * Reads the settings from environment variables.
 * @returns the settings, or one sentence for each that is wrong
 */
export function readSettings(env: Record<string, string | undefined>): { settings: Settings } | { problems: string[] } {
  const result = settingsSchema.safeParse(env)
  if (result.success) return { settings: result.data }
  return { problems: result.error.issues.map(({ path, message }) => `${path.join('.')} ${message}.`) }
}
