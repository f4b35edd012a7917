import { z } from 'zod'

/** `true`, or a structure with `true` at the places that it speaks of; absent or false elsewhere. */
const marks = z.unknown().optional()

const changeSchema = z.looseObject({
  actions: z.array(z.string()),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
  after_unknown: marks,
  before_sensitive: marks,
  after_sensitive: marks,
  replace_paths: z.array(z.array(z.unknown())).default([]),
  importing: z.looseObject({ id: z.string().optional() }).nullish(),
})

const resourceSchema = z.looseObject({
  address: z.string(),
  previous_address: z.string().optional(),
  mode: z.string().default('managed'),
  type: z.string(),
  name: z.string(),
  action_reason: z.string().optional(),
  /** Set where it is an object that a replacement left behind. */
  deposed: z.string().optional(),
  change: changeSchema,
})

type Module = { resources: { type: string; values: Record<string, unknown> }[]; child_modules: Module[] }

const moduleSchema: z.ZodType<Module> = z.lazy(() =>
  z.looseObject({
    resources: z.array(z.looseObject({ type: z.string(), values: z.record(z.string(), z.unknown()).default({}) })).default([]),
    child_modules: z.array(moduleSchema).default([]),
  }),
)

/**
 * What `terraform show -json PLAN` prints, as far as it is read
 * (https://developer.hashicorp.com/terraform/internals/json-format#plan-representation).
 */
export const shownPlanSchema = z.looseObject({
  format_version: z.string().startsWith('1.'),
  resource_changes: z.array(resourceSchema).default([]),
  resource_drift: z.array(resourceSchema).default([]),
  output_changes: z.record(z.string(), changeSchema).default({}),
  /** What was there when it was planned. */
  prior_state: z.looseObject({ values: z.looseObject({ root_module: moduleSchema.optional() }).optional() }).optional(),
  variables: z.record(z.string(), z.looseObject({ value: z.unknown().optional() })).default({}),
  configuration: z
    .looseObject({
      root_module: z.looseObject({ variables: z.record(z.string(), z.looseObject({ sensitive: z.boolean().default(false) })).default({}) }).default({ variables: {} }),
    })
    .default({ root_module: { variables: {} } }),
})

export type ShownPlan = z.infer<typeof shownPlanSchema>
export type ShownResource = z.infer<typeof resourceSchema>
export type ShownChange = z.infer<typeof changeSchema>
