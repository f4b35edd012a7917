import { z } from 'zod'

/** What build and deploy need to know, from s3.tfbackend and the variables. */
export const settingsSchema = z.object({
  backend: z.looseObject({ bucket: z.string(), key: z.string(), region: z.string() }),
  inputs: z.looseObject({ region: z.string(), env: z.string(), name: z.string(), repository_name: z.string() }),
})
export type Settings = z.infer<typeof settingsSchema>
