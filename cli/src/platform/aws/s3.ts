import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { CliError } from '../errors.ts'
import { awsError, callOptions, clientDefaults } from './client.ts'
import { credentialsFor, type StateAccess } from './credentials.ts'

/**
 * Makes sure that the bucket for Terraform's state is there and may be used, as the backend will use it.
 * @throws CliError `unavailable`
 */
export async function requireBucket(backend: StateAccess & { bucket: string }): Promise<void> {
  const { bucket, region } = backend
  try {
    await new S3Client({ ...clientDefaults(region), ...(await credentialsFor(backend)), followRegionRedirects: true }).send(
      new HeadBucketCommand({ Bucket: bucket }),
      callOptions,
    )
  } catch (cause) {
    const { httpStatusCode: status } = (cause as { $metadata?: { httpStatusCode?: number } }).$metadata ?? {}
    if (status === 301) {
      throw new CliError('unavailable', `The state bucket ${bucket} is not in ${region}.`, {
        fix: `Set region in infrastructure/s3.tfbackend to the bucket's own: aws s3api get-bucket-location --bucket ${bucket}`,
        cause: 'HTTP 301',
      })
    }
    if (status !== 404) throw awsError(`use the state bucket ${bucket}`, cause, 's3:ListBucket')
    throw new CliError('unavailable', `The state bucket ${bucket} does not exist in ${region}.`, {
      fix: `Create it (\`aws s3api create-bucket --bucket ${bucket} --region ${region} …\`), or name another in infrastructure/s3.tfbackend.`,
    })
  }
}
