import { fromNodeProviderChain, fromTemporaryCredentials } from '@aws-sdk/credential-providers'

/** Whom Terraform's S3 backend acts as: https://developer.hashicorp.com/terraform/language/backend/s3#credentials-and-shared-configuration */
export type StateAccess = { region: string; profile?: string | null | undefined; assume_role?: AssumeRole | null | undefined }

type AssumeRole = {
  role_arn: string
  duration?: string | null | undefined
  external_id?: string | null | undefined
  policy?: string | null | undefined
  policy_arns?: string[] | null | undefined
  session_name?: string | null | undefined
  source_identity?: string | null | undefined
  tags?: Record<string, string> | null | undefined
  transitive_tag_keys?: string[] | null | undefined
}

/** The credentials with which the backend acts: the profile's, or the machine's own, and with those the role's. */
export function credentialsFor({ region, profile, assume_role: role }: StateAccess) {
  const own = fromNodeProviderChain({ ...(profile ? { profile } : {}), clientConfig: { region } })
  if (!role) return own
  const params = {
    RoleArn: role.role_arn,
    RoleSessionName: role.session_name ?? `fargate-ctl-${Date.now()}`,
    DurationSeconds: role.duration ? readSeconds(role.duration) : undefined,
    ExternalId: role.external_id ?? undefined,
    Policy: role.policy ?? undefined,
    PolicyArns: role.policy_arns?.map((arn) => ({ arn })),
    SourceIdentity: role.source_identity ?? undefined,
    Tags: role.tags ? Object.entries(role.tags).map(([Key, Value]) => ({ Key, Value })) : undefined,
    TransitiveTagKeys: role.transitive_tag_keys ?? undefined,
  }
  return fromTemporaryCredentials({ masterCredentials: own, params, clientConfig: { region } })
}

/** So long before they end, credentials are fetched anew. */
const marginMilliseconds = 5 * 60_000
type Credentials = Awaited<ReturnType<ReturnType<typeof credentialsFor>>>
const held = new Map<string, Promise<Credentials>>()

/** The credentials of a role that the machine's own may take on; all clients share them. */
export async function roleCredentials(region: string, role_arn: string): Promise<Credentials> {
  const known = await held.get(role_arn)?.catch(() => undefined)
  if (known && Number(known.expiration ?? Infinity) - Date.now() > marginMilliseconds) return known
  const asked = credentialsFor({ region, assume_role: { role_arn } })()
  held.set(role_arn, asked)
  return asked
}

/** A duration as Go writes it, such as 1h30m (https://pkg.go.dev/time#ParseDuration), which Terraform has checked. */
function readSeconds(text: string): number {
  const units = { h: 3600, m: 60, s: 1 }
  return [...text.matchAll(/([\d.]+)([hms])/g)].reduce((sum, [, number, unit]) => sum + Number(number) * units[unit as 'h' | 'm' | 's'], 0)
}
