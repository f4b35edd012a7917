import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { CliError } from '../errors.ts'
import { awsError, callOptions, clientDefaults } from './client.ts'
import type { StateAccess } from './credentials.ts'

/**
 * Makes sure that the bucket for Terraform's state is there and may be used, as the backend will use it.
 * @throws CliError `unavailable`
 */
export async function requireBucket(backend: StateAccess & { bucket: string }): Promise<void> {
  const { bucket, region } = backend
  try {
    await new S3Client({ ...clientDefaults(region), ...(await accessOf(backend)), followRegionRedirects: true }).send(
      new HeadBucketCommand({ Bucket: bucket }),
      callOptions,
    )
  } catch (cause) {
    if ((cause as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode !== 404) {
      throw awsError(`use the state bucket ${bucket}`, cause)
    }
    throw new CliError('unavailable', `The state bucket ${bucket} does not exist in ${region}.`, {
      fix: `Create it (\`aws s3api create-bucket --bucket ${bucket} --region ${region} …\`), or name another in infrastructure/s3.tfbackend.`,
    })
  }
}

/** What a client needs to act as the backend does; nothing where the machine's own credentials count, for more take long to load. */
async function accessOf(backend: StateAccess) {
  if (!backend.profile && !backend.assume_role) return {}
  const { credentialsFor } = await import('./credentials.ts')
  return { credentials: credentialsFor(backend) }
}
