import {
  BatchGetImageCommand,
  DescribeImageScanFindingsCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  PutImageCommand,
  StartImageScanCommand,
  type DescribeImageScanFindingsCommandOutput,
} from '@aws-sdk/client-ecr'
import { z } from 'zod'
import { CliError } from '../errors.ts'
import { settingsFile } from '../project.ts'
import { awsError, callOptions, clientDefaults, doing } from './client.ts'

/** `immutable`: no tag can be moved. Where only some tags can, ECR alone knows which. */
export type Repository = { name: string; uri: string; immutable: boolean; scanOnPush: boolean }
export type RegistryImage = { digest: string; sizeInBytes: number | undefined }
/** What `docker login` needs; `endpoint` is ECR's own `proxyEndpoint`, used as given. */
export type RegistryLogin = { endpoint: string; username: string; password: string }

const client = (region: string) => new ECRClient(clientDefaults(region))

/** @throws CliError `unavailable` when the repository does not exist or may not be read */
export async function describeRepository(name: string, region: string): Promise<Repository> {
  try {
    const answer = await client(region).send(new DescribeRepositoriesCommand({ repositoryNames: [name] }), callOptions)
    const [repository] = answer.repositories ?? []
    if (!repository?.repositoryUri) throw new Error('the answer names no repository')
    return {
      name,
      uri: repository.repositoryUri,
      immutable: repository.imageTagMutability === 'IMMUTABLE',
      scanOnPush: repository.imageScanningConfiguration?.scanOnPush === true,
    }
  } catch (cause) {
    if ((cause as Error).name !== 'RepositoryNotFoundException') throw awsError(`read the ECR repository ${name}`, cause)
    throw new CliError('unavailable', `The ECR repository ${name} does not exist in ${region}.`, {
      fix: `Create it: \`aws ecr create-repository --repository-name ${name} --region ${region} --image-tag-mutability IMMUTABLE\`, or set repository_name in ${settingsFile('inputs')}.`,
    })
  }
}

/** @returns whether the account has a repository of this name @throws CliError `unavailable` */
export async function hasRepository(name: string, region: string): Promise<boolean> {
  try {
    await client(region).send(new DescribeRepositoriesCommand({ repositoryNames: [name] }), callOptions)
    return true
  } catch (cause) {
    if ((cause as Error).name === 'RepositoryNotFoundException') return false
    throw awsError(`read the ECR repository ${name}`, cause, 'ecr:DescribeRepositories')
  }
}

/** @param tag or the digest @returns the image that it names, or undefined when there is none */
export async function findImage(repository: string, tag: string, region: string): Promise<RegistryImage | undefined> {
  try {
    const imageIds = [tag.startsWith('sha256:') ? { imageDigest: tag } : { imageTag: tag }]
    const answer = await client(region).send(new DescribeImagesCommand({ repositoryName: repository, imageIds }), callOptions)
    const image = answer.imageDetails?.[0]
    return image?.imageDigest ? { digest: image.imageDigest, sizeInBytes: image.imageSizeInBytes } : undefined
  } catch (cause) {
    if ((cause as Error).name === 'ImageNotFoundException') return undefined
    throw awsError(`look for ${repository}:${tag} in ECR`, cause)
  }
}

/**
 * Whether an image is still there, whatever its tags.
 * @param address the repository's, as ECR gives it
 */
export async function hasImage(address: string, digest: string, region: string): Promise<boolean> {
  const repositoryName = address.slice(address.indexOf('/') + 1)
  try {
    const { imageDetails = [] } = await client(region).send(new DescribeImagesCommand({ repositoryName, imageIds: [{ imageDigest: digest }] }), callOptions)
    return imageDetails.length > 0
  } catch (cause) {
    if (['ImageNotFoundException', 'RepositoryNotFoundException'].includes((cause as Error).name)) return false
    throw awsError(`look for ${repositoryName}@${digest} in ECR`, cause)
  }
}

/**
 * Gives an image that is already in ECR one more tag, without moving any layer
 * (https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-retag.html).
 * @throws CliError `usage` when the tag names another image and ECR does not let it move
 */
export async function addTag(repository: string, digest: string, tag: string, region: string): Promise<void> {
  try {
    const imageIds = [{ imageDigest: digest }]
    const answer = await client(region).send(new BatchGetImageCommand({ repositoryName: repository, imageIds }), callOptions)
    const [image] = answer.images ?? []
    if (!image?.imageManifest) throw new Error('the answer holds no manifest')
    const { imageManifest, imageManifestMediaType } = image
    await client(region).send(
      new PutImageCommand({ repositoryName: repository, imageManifest, imageManifestMediaType, imageTag: tag }),
      callOptions,
    )
  } catch (cause) {
    const { name } = cause as Error
    if (name === 'ImageAlreadyExistsException') return
    if (name === 'ImageTagAlreadyExistsException') throw tagTaken(repository, tag, { cause })
    throw awsError(`tag ${repository}@${digest} as ${tag}`, cause)
  }
}

/** What a repository answers that does not let this tag move. */
export function tagTaken(repository: string, tag: string, { digest, cause }: { digest?: string; cause?: unknown }): CliError {
  return new CliError('usage', `The tag ${tag} already names another image${digest ? ` (${digest})` : ''} in ${repository}, whose tags are immutable.`, {
    fix: 'Choose another --tag, or leave it out: the tag is then made from the content and never collides.',
    cause,
  })
}

const manifestSchema = z.looseObject({ manifests: z.array(z.looseObject({ digest: z.string() })).default([]) })

/**
 * The manifests of an image's platforms, of which ECS runs one where a digest is that of an index
 * (https://github.com/opencontainers/image-spec/blob/main/image-index.md). None where it is not.
 */
export async function listPlatformDigests(repository: string, digest: string, region: string): Promise<string[]> {
  const asked = new BatchGetImageCommand({ repositoryName: repository, imageIds: [{ imageDigest: digest }], acceptedMediaTypes: indexTypes })
  const { images = [] } = await doing(`read ${repository}@${digest}`, client(region).send(asked, callOptions), 'ecr:BatchGetImage')
  if (!indexTypes.includes(images[0]?.imageManifestMediaType ?? '')) return []
  return manifestSchema.parse(JSON.parse(images[0]?.imageManifest ?? '{}')).manifests.map((each) => each.digest)
}

const indexTypes = ['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json']

/** @returns those of the digests that the repository still has, however many are asked for */
export async function findDigests(repository: string, digests: string[], region: string): Promise<Set<string>> {
  const found = new Set<string>()
  for (let start = 0; start < digests.length; start += mostImages) {
    const imageIds = digests.slice(start, start + mostImages).map((imageDigest) => ({ imageDigest }))
    const asked = client(region).send(new BatchGetImageCommand({ repositoryName: repository, imageIds }), callOptions)
    const { images = [] } = await doing(`look for images in the ECR repository ${repository}`, asked, 'ecr:BatchGetImage')
    for (const { imageId } of images) if (imageId?.imageDigest) found.add(imageId.imageDigest)
  }
  return found
}

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html */
const mostImages = 100

/** A token for docker login; it lasts 12 hours. More patient than other calls: a push is the end of long work. */
export async function getRegistryLogin(region: string): Promise<RegistryLogin> {
  try {
    const patient = new ECRClient({ ...clientDefaults(region), maxAttempts: 8 })
    const answer = await patient.send(new GetAuthorizationTokenCommand({}), callOptions)
    const { authorizationToken, proxyEndpoint } = answer.authorizationData?.[0] ?? {}
    const [, username, password] = /^([^:]+):([\s\S]+)$/.exec(Buffer.from(authorizationToken ?? '', 'base64').toString()) ?? []
    if (!proxyEndpoint || !username || !password) throw new Error('the answer holds no token')
    return { endpoint: proxyEndpoint, username, password }
  } catch (cause) {
    throw awsError('get a login for ECR', cause)
  }
}

/** A vulnerability that a scan found; `severity` as ECR says it: CRITICAL, HIGH, MEDIUM, LOW, INFORMATIONAL, UNDEFINED or UNTRIAGED. */
export type Vulnerability = { id: string; severity: string; package: string; version: string; fixedIn: string | null; url: string | null }

/** `done`: `found` is all that there is. `inUse`: how many running tasks and pods have the image, as enhanced scanning tells; else null. */
export type ImageScan =
  | { state: 'done'; found: Vulnerability[]; inUse: number | null }
  | { state: 'running' | 'absent' | 'failed' | 'unsupported'; reason: string }

/**
 * What ECR has found in an image, by basic or enhanced scanning.
 * https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageScanFindings.html
 * @throws CliError
 */
export async function describeScan(repository: string, digest: string, region: string): Promise<ImageScan> {
  const found: Vulnerability[] = []
  let inUse: number | null = null
  let nextToken: string | undefined
  do {
    const asked = new DescribeImageScanFindingsCommand({ repositoryName: repository, imageId: { imageDigest: digest }, maxResults: 1000, nextToken })
    const page: DescribeImageScanFindingsCommandOutput | undefined = await client(region).send(asked, callOptions).catch(absentScan)
    if (!page) return { state: 'absent', reason: 'ECR has not scanned it' }
    const { status = 'unknown', description = '' } = page.imageScanStatus ?? {}
    const state = scanStates[status] ?? 'failed'
    if (state !== 'done') return { state, reason: [status, description].filter(Boolean).join(': ') }
    found.push(...readVulnerabilities(page))
    for (const { resources = [] } of page.imageScanFindings?.enhancedFindings ?? []) {
      inUse = resources.reduce<number | null>((most, { details }) => Math.max(most ?? 0, details?.awsEcrContainerImage?.inUseCount ?? 0), inUse)
    }
    nextToken = page.nextToken
  } while (nextToken)
  return { state: 'done', found, inUse }
}

/** https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageScanStatus.html */
const scanStates: Record<string, ImageScan['state']> = {
  COMPLETE: 'done',
  ACTIVE: 'done',
  IN_PROGRESS: 'running',
  PENDING: 'running',
  UNSUPPORTED_IMAGE: 'unsupported',
}

function absentScan(cause: unknown): undefined {
  if ((cause as Error).name !== 'ScanNotFoundException') throw awsError('read what the scan of the image found', cause, 'ecr:DescribeImageScanFindings')
}

function readVulnerabilities({ imageScanFindings }: DescribeImageScanFindingsCommandOutput): Vulnerability[] {
  const basic = (imageScanFindings?.findings ?? []).map(({ name = '', severity = 'UNDEFINED', uri, attributes = [] }) => {
    const attribute = (key: string) => attributes.find((each) => each.key === key)?.value
    return { id: name, severity, package: attribute('package_name') ?? '', version: attribute('package_version') ?? '', fixedIn: null, url: uri ?? null }
  })
  const enhanced = (imageScanFindings?.enhancedFindings ?? []).filter(({ status }) => status !== 'SUPPRESSED').flatMap((finding) => {
    const { packageVulnerabilityDetails: details, severity = 'UNDEFINED' } = finding
    const common = { id: details?.vulnerabilityId ?? finding.title ?? '', severity, url: details?.sourceUrl ?? null }
    return (details?.vulnerablePackages ?? [{}]).map(({ name = '', version = '', fixedInVersion }) => ({ ...common, package: name, version, fixedIn: fixedInVersion || null }))
  })
  return [...basic, ...enhanced]
}

/** Asks for a basic scan; enhanced scanning decides for itself, and a scan that was asked for today is not repeated. @throws CliError */
export async function startScan(repository: string, digest: string, region: string): Promise<void> {
  try {
    await client(region).send(new StartImageScanCommand({ repositoryName: repository, imageId: { imageDigest: digest } }), callOptions)
  } catch (cause) {
    if (!['LimitExceededException', 'ValidationException', 'UnsupportedImageTypeException'].includes((cause as Error).name)) {
      throw awsError('start a scan of the image', cause, 'ecr:StartImageScan')
    }
  }
}
