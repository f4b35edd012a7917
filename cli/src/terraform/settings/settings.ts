import { z } from 'zod'

const text = z.string().min(1)

/** What fargate-ctl reads of the input variables. */
export const inputsSchema = z.object({
  region: text,
  env: z.string(),
  name: z.string(),
  repository_name: text,
  cpu_architecture: z.string().nullish(),
  /** The only accounts that may be deployed to, where the configuration has such a variable. */
  allowed_account_ids: z.array(z.string()).nullish(),
  /** The role that Terraform's provider takes on, where the configuration has such a variable. */
  assume_role_arn: z.string().nullish(),
  /** What HTTPS is served for. */
  domain_name: z.string().nullish(),
})

/** The role to take on for the state: https://developer.hashicorp.com/terraform/language/backend/s3#assume-role-configuration */
const assumeRoleSchema = z.looseObject({
  role_arn: text,
  duration: z.string().nullish(),
  external_id: z.string().nullish(),
  policy: z.string().nullish(),
  policy_arns: z.array(z.string()).nullish(),
  session_name: z.string().nullish(),
  source_identity: z.string().nullish(),
  tags: z.record(z.string(), z.string()).nullish(),
  transitive_tag_keys: z.array(z.string()).nullish(),
})

/** What fargate-ctl reads of the S3 backend, by Terraform's own names. */
export const backendSchema = z.object({
  bucket: text,
  key: text,
  region: text,
  use_lockfile: z.boolean().nullish(),
  kms_key_id: z.string().nullish(),
  profile: z.string().nullish(),
  assume_role: assumeRoleSchema.nullish(),
})

/** All input variables, as Terraform evaluates them without a plan of the infrastructure. */
const variablesSchema = z.object({ values: z.record(z.string(), z.unknown()), sensitive: z.array(z.string()) })

/** What build and deploy read from the configuration: where the state is, and Terraform's input variables. */
export const settingsSchema = z.object({ backend: backendSchema, inputs: inputsSchema, variables: variablesSchema })
export type Settings = z.infer<typeof settingsSchema>
export type Backend = Settings['backend']

/** What an image is built with. */
export type ImageSettings = { inputs: Pick<Settings['inputs'], 'region' | 'repository_name' | 'cpu_architecture' | 'allowed_account_ids'> }

/**
 * The settings of a machine that only builds and has no terraform.
 * @returns undefined unless both region and repository are named
 */
export function settingsFromFlags({ region, name, account }: { region?: string | undefined; name?: string; account?: string }): ImageSettings | undefined {
  if (!region || !name) return undefined
  return { inputs: { region, repository_name: name, ...(account ? { allowed_account_ids: [account] } : {}) } }
}
