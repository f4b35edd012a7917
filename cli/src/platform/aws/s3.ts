import { GetObjectCommand, HeadBucketCommand, paginateListObjectsV2, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { CliError } from '../errors.ts'
import { awsError, callOptions, clientDefaults, doing, timedCallOptions } from './client.ts'
import type { StateAccess } from './credentials.ts'

/** A bucket, and how to reach it as Terraform's backend does. */
export type StateBucket = StateAccess & { bucket: string }

const openClient = async (backend: StateBucket) =>
  new S3Client({ ...clientDefaults(backend.region), ...(await accessOf(backend)), followRegionRedirects: true })

/**
 * Makes sure that the bucket for Terraform's state is there and may be used, as the backend will use it.
 * @throws CliError `unavailable`
 */
export async function requireBucket(backend: StateBucket): Promise<void> {
  const { bucket, region } = backend
  try {
    await (await openClient(backend)).send(new HeadBucketCommand({ Bucket: bucket }), callOptions)
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

/** What a last word may take, after an interrupt too: less than GitHub leaves a cancelled step. */
const writePatienceMilliseconds = 5000

/** The calls for small files beside the state. @throws each CliError `unavailable` */
export function openFiles(backend: StateBucket) {
  const { bucket: Bucket } = backend
  const listKeys = async (prefix: string) => {
    const keys: string[] = []
    const pages = paginateListObjectsV2({ client: await openClient(backend) }, { Bucket, Prefix: prefix }, timedCallOptions())
    for await (const { Contents = [] } of pages) keys.push(...Contents.flatMap(({ Key }) => Key ?? []))
    return keys
  }
  const getText = async (key: string) => {
    const { Body } = await (await openClient(backend)).send(new GetObjectCommand({ Bucket, Key: key }), timedCallOptions())
    return (await Body?.transformToString()) ?? ''
  }
  const putText = async (key: string, text: string) => {
    const asked = new PutObjectCommand({ Bucket, Key: key, Body: text, ContentType: 'application/json', IfNoneMatch: '*' })
    await (await openClient(backend)).send(asked, { abortSignal: AbortSignal.timeout(writePatienceMilliseconds) })
  }
  return {
    list: (prefix: string) => doing(`list s3://${Bucket}/${prefix}`, listKeys(prefix), 's3:ListBucket'),
    read: (key: string) => doing(`read s3://${Bucket}/${key}`, getText(key), 's3:GetObject'),
    /** Writes a new file, never over one, and even after an interrupt. */
    create: (key: string, text: string) => doing(`write s3://${Bucket}/${key}`, putText(key, text), 's3:PutObject'),
  }
}
