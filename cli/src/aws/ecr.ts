import {
  BatchGetImageCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  PutImageCommand,
} from '@aws-sdk/client-ecr'
import { CliError } from '../errors.ts'
import { awsError, callOptions, clientDefaults } from './client.ts'

export type Repository = { name: string; uri: string; immutable: boolean }
export type RegistryImage = { digest: string; sizeInBytes: number | undefined }
/** What `docker login` needs; `endpoint` is ECR's own `proxyEndpoint`, used as given. */
export type RegistryLogin = { endpoint: string; username: string; password: string }

const client = (region: string) => new ECRClient(clientDefaults(region))

/** @throws CliError `unavailable` when the repository does not exist or may not be read */
export async function describeRepository(name: string, region: string): Promise<Repository> {
  try {
    const answer = await client(region).send(new DescribeRepositoriesCommand({ repositoryNames: [name] }), callOptions)
    const repository = answer.repositories?.[0]
    return {
      name,
      uri: repository?.repositoryUri ?? '',
      immutable: repository?.imageTagMutability?.startsWith('IMMUTABLE') ?? false,
    }
  } catch (cause) {
    if ((cause as Error).name !== 'RepositoryNotFoundException') throw awsError(`read the ECR repository ${name}`, cause)
    throw new CliError('unavailable', `The ECR repository ${name} does not exist in ${region}.`, {
      fix: `Create it: \`aws ecr create-repository --repository-name ${name} --region ${region} --image-tag-mutability IMMUTABLE\`, or set repository_name in infrastructure/input.auto.tfvars.`,
    })
  }
}

/** @returns the image a tag names, or undefined when there is none */
export async function findImage(repository: string, tag: string, region: string): Promise<RegistryImage | undefined> {
  try {
    const imageIds = [{ imageTag: tag }]
    const answer = await client(region).send(new DescribeImagesCommand({ repositoryName: repository, imageIds }), callOptions)
    const image = answer.imageDetails?.[0]
    return image?.imageDigest ? { digest: image.imageDigest, sizeInBytes: image.imageSizeInBytes } : undefined
  } catch (cause) {
    if ((cause as Error).name === 'ImageNotFoundException') return undefined
    throw awsError(`look for ${repository}:${tag} in ECR`, cause)
  }
}

/**
 * Gives an image that is already in ECR one more tag, without moving any layer
 * (https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-retag.html).
 */
export async function addTag(repository: string, digest: string, tag: string, region: string): Promise<void> {
  try {
    const images = await client(region).send(
      new BatchGetImageCommand({ repositoryName: repository, imageIds: [{ imageDigest: digest }] }),
      callOptions,
    )
    const image = images.images?.[0]
    await client(region).send(
      new PutImageCommand({
        repositoryName: repository,
        imageManifest: image?.imageManifest,
        imageManifestMediaType: image?.imageManifestMediaType,
        imageTag: tag,
      }),
      callOptions,
    )
  } catch (cause) {
    throw awsError(`tag ${repository}@${digest} as ${tag}`, cause)
  }
}

/** A token for docker login; it lasts 12 hours. */
export async function getRegistryLogin(region: string): Promise<RegistryLogin> {
  try {
    const answer = await client(region).send(new GetAuthorizationTokenCommand({}), callOptions)
    const { authorizationToken = '', proxyEndpoint = '' } = answer.authorizationData?.[0] ?? {}
    const [username = '', ...password] = Buffer.from(authorizationToken, 'base64').toString().split(':')
    return { endpoint: proxyEndpoint, username, password: password.join(':') }
  } catch (cause) {
    throw awsError('get a login for ECR', cause)
  }
}
