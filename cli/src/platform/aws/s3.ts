import {
  GetBucketEncryptionCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  paginateListObjectsV2,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { CliError } from '../errors.ts'
import { settingsFile } from '../project.ts'
import { awsError, callOptions, doing, ownDefaults, timedCallOptions } from './client.ts'
import type { StateAccess } from './credentials.ts'

/** The bucket that holds Terraform's state, and whom its backend acts as. */
export type StateBucket = StateAccess & { bucket: string; kms_key_id?: string | null | undefined }

/** A client that acts as the backend does. */
export const openS3 = async (backend: StateBucket) =>
  new S3Client({ ...ownDefaults(backend.region), ...(await accessOf(backend)), followRegionRedirects: true })

/**
 * Makes sure that the bucket for Terraform's state is there and may be used, as the backend will use it.
 * @throws CliError `unavailable`
 */
export async function requireBucket(backend: StateBucket): Promise<void> {
  const { bucket, region } = backend
  try {
    await (await openS3(backend)).send(new HeadBucketCommand({ Bucket: bucket }), callOptions)
  } catch (cause) {
    const { httpStatusCode: status } = (cause as { $metadata?: { httpStatusCode?: number } }).$metadata ?? {}
    if (status === 301) {
      throw new CliError('unavailable', `The state bucket ${bucket} is not in ${region}.`, {
        fix: `Set region in ${settingsFile('backend')} to the bucket's own: aws s3api get-bucket-location --bucket ${bucket}`,
        cause: 'HTTP 301',
      })
    }
    if (status !== 404) throw awsError(`use the state bucket ${bucket}`, cause, 's3:ListBucket')
    throw new CliError('unavailable', `The state bucket ${bucket} does not exist in ${region}.`, {
      fix: `Create it (\`aws s3api create-bucket --bucket ${bucket} --region ${region} …\`), or name another in ${settingsFile('backend')}.`,
    })
  }
}

/** @returns whether the bucket exists @throws CliError `unavailable`, also where it is somebody else's */
export async function hasBucket(backend: StateBucket): Promise<boolean> {
  try {
    await (await openS3(backend)).send(new HeadBucketCommand({ Bucket: backend.bucket }), callOptions)
    return true
  } catch (cause) {
    if ((cause as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode === 404) return false
    throw awsError(`use the state bucket ${backend.bucket}`, cause, 's3:ListBucket')
  }
}

/** What a client needs to act as the backend does; nothing where the machine's own credentials count, for more take long to load. */
async function accessOf(backend: StateAccess) {
  if (!backend.profile && !backend.assume_role) return {}
  const { credentialsFor } = await import('./credentials.ts')
  return { credentials: credentialsFor(backend) }
}

/** What a last word may take, after an interrupt too: less than GitHub leaves a cancelled step. */
const writePatienceMilliseconds = 5000

/** The calls for small files beside the state. @throws each CliError `unavailable` */
export function openFiles(backend: StateBucket) {
  const { bucket: Bucket } = backend
  const listKeys = async (prefix: string) => {
    const keys: string[] = []
    const pages = paginateListObjectsV2({ client: await openS3(backend) }, { Bucket, Prefix: prefix }, timedCallOptions())
    for await (const { Contents = [] } of pages) keys.push(...Contents.flatMap(({ Key }) => Key ?? []))
    return keys
  }
  const getText = async (key: string) => {
    const asked = (await openS3(backend)).send(new GetObjectCommand({ Bucket, Key: key }), timedCallOptions())
    const answer = await asked.catch((cause: unknown) => {
      if ((cause as Error).name === 'NoSuchKey') return undefined
      throw cause
    })
    return answer && ((await answer.Body?.transformToString()) ?? '')
  }
  const putText = async (key: string, text: string) => {
    // As Terraform's backend encrypts the state: https://developer.hashicorp.com/terraform/language/backend/s3#kms_key_id
    const encryption = backend.kms_key_id ? { ServerSideEncryption: 'aws:kms' as const, SSEKMSKeyId: backend.kms_key_id } : {}
    const asked = new PutObjectCommand({ Bucket, Key: key, Body: text, ContentType: 'application/json', IfNoneMatch: '*', ...encryption })
    await (await openS3(backend)).send(asked, { abortSignal: AbortSignal.timeout(writePatienceMilliseconds) })
  }
  return {
    list: (prefix: string) => doing(`list s3://${Bucket}/${prefix}`, listKeys(prefix), 's3:ListBucket'),
    /** Undefined where there is none. */
    read: (key: string) => doing(`read s3://${Bucket}/${key}`, getText(key), 's3:GetObject'),
    /** Writes a new file, never over one, and even after an interrupt. */
    create: (key: string, text: string) => doing(`write s3://${Bucket}/${key}`, putText(key, text), 's3:PutObject'),
  }
}

/** @returns whether an earlier version of an object can be had back @throws CliError `unavailable` */
export async function isVersioned(backend: StateBucket): Promise<boolean> {
  const asked = (await openS3(backend)).send(new GetBucketVersioningCommand({ Bucket: backend.bucket }), timedCallOptions())
  const { Status } = await doing(`read whether the bucket ${backend.bucket} keeps versions`, asked, 's3:GetBucketVersioning')
  return Status === 'Enabled'
}

/** @returns the algorithm that new objects are encrypted with, such as AES256 or aws:kms @throws CliError `unavailable` */
export async function readEncryption(backend: StateBucket): Promise<string | undefined> {
  try {
    const answer = await (await openS3(backend)).send(new GetBucketEncryptionCommand({ Bucket: backend.bucket }), timedCallOptions())
    return answer.ServerSideEncryptionConfiguration?.Rules?.[0]?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm
  } catch (cause) {
    if ((cause as Error).name === 'ServerSideEncryptionConfigurationNotFoundError') return undefined
    throw awsError(`read the encryption of the bucket ${backend.bucket}`, cause, 's3:GetEncryptionConfiguration')
  }
}

const publicAccessSwitches = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'] as const

/**
 * @returns which of the switches that keep the public out are off
 *   (https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html)
 * @throws CliError `unavailable`
 */
export async function findPublicAccess(backend: StateBucket): Promise<string[]> {
  try {
    const answer = await (await openS3(backend)).send(new GetPublicAccessBlockCommand({ Bucket: backend.bucket }), timedCallOptions())
    return publicAccessSwitches.filter((name) => answer.PublicAccessBlockConfiguration?.[name] !== true)
  } catch (cause) {
    if ((cause as Error).name === 'NoSuchPublicAccessBlockConfiguration') return [...publicAccessSwitches]
    throw awsError(`read who may reach the bucket ${backend.bucket}`, cause, 's3:GetBucketPublicAccessBlock')
  }
}
