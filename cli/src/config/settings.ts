import { z } from 'zod'

/** What build and deploy read from the configuration: where the state is, and Terraform's input variables. */
export const settingsSchema = z.object({
  backend: z.looseObject({
    bucket: z.string(),
    key: z.string(),
    region: z.string(),
    useLockfile: z.boolean(),
  }),
  inputs: z.looseObject({
    region: z.string(),
    env: z.string(),
    name: z.string(),
    repository_name: z.string(),
  }),
})

export type Settings = z.infer<typeof settingsSchema>

/** The input variables that fargate-ctl itself reads. */
export const neededInputs = Object.keys(settingsSchema.shape.inputs.shape)
