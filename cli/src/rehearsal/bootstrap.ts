import { CreateRepositoryCommand, ECRClient } from '@aws-sdk/client-ecr'
import { CreateBucketCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3'
import { awsError, clientDefaults } from '../platform/aws/client.ts'
import { openS3 } from '../platform/aws/s3.ts'
import type { Settings } from '../terraform/settings/settings.ts'

/** Makes what a real account has before the first deployment: the bucket for the state and the ECR repository. */
export async function bootstrap({ backend, inputs }: Settings): Promise<void> {
  await Promise.all([createBucket(backend), createRepository(inputs.repository_name, inputs.region)])
}

async function createBucket(backend: Settings['backend']): Promise<void> {
  const { bucket, region } = backend
  const s3 = await openS3(backend)
  const location = region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: region as never } }
  await s3.send(new CreateBucketCommand({ Bucket: bucket, ...location })).catch(unless('BucketAlreadyOwnedByYou', 'BucketAlreadyExists'))
  await s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }))
}

async function createRepository(name: string, region: string): Promise<void> {
  const command = new CreateRepositoryCommand({
    repositoryName: name,
    imageTagMutability: 'IMMUTABLE',
    imageScanningConfiguration: { scanOnPush: true },
  })
  await new ECRClient(clientDefaults(region)).send(command).catch(unless('RepositoryAlreadyExistsException'))
}

function unless(...names: string[]) {
  return (error: unknown) => {
    if (!names.includes((error as Error).name)) throw awsError('prepare the embedded AWS', error)
  }
}
