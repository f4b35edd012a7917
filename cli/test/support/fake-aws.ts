import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** `platforms`: the digests that an index holds. */
export type FakeImage = { digest: string; size?: number; platforms?: string[] }
export type FakeInput = { desiredStatus?: string; tasks?: string[]; deploymentConfiguration?: object; hookId?: string }
/** What the fake account holds; tests change it while it runs. */
export type FakeAccount = {
  repositories: Record<string, { immutable: boolean; images: Record<string, FakeImage> }>
  buckets: string[]
  /** What S3 answers to HEAD, without a word, besides 200 and 404. */
  bucketStatus?: number
  /** The only role that may use the buckets; everybody may assume it. */
  stateRole?: string
  /** What the buckets hold: text by `bucket/key`. */
  objects: Record<string, string>
  /** What ECS, CloudWatch Logs, ELB, IAM, ECR's scans and S3's questions about a bucket answer to an action, or how they answer its n-th call; an Answer is sent as it is. */
  answers: Record<string, object | ((call: number, input: FakeInput) => object)>
  /** The registry's address, where it is another one's; host and port. */
  registry?: string
  /** What EC2 knows, with its tags, by id. */
  tagged?: Record<string, Record<string, string>>
  /** Answers every call of a service, or of a service's action (`ecr PutImage`), with this status and error code. */
  refuse: Record<string, { status: number; code: string; message?: string }>
  /** By how much its clock, which the Date header of its answers tells, differs from this machine's. */
  dateOffsetSeconds: number
}

export type FakeAws = {
  url: string
  account: FakeAccount
  /** Every call as `service Action`. */
  calls: string[]
  /** By service, as which roles it was called; '' stands for the user. */
  roles: Record<string, string[]>
  env: Record<string, string>
  close(): Promise<void>
}

export const registryPassword = 'the-password-that-must-not-be-seen'

/** STS, IAM, ECR, S3, ECS and CloudWatch Logs as far as the CLI calls them, on a free loopback port; shapes as the services' API references. */
export async function startFakeAws(account: Partial<FakeAccount> = {}): Promise<FakeAws> {
  const state: FakeAccount = { repositories: { webapp: { immutable: true, images: {} } }, buckets: ['state-bucket'], objects: {}, answers: {}, refuse: {}, dateOffsetSeconds: 0, ...account }
  const calls: string[] = []
  const roles: FakeAws['roles'] = {}
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const answer = route(state, calls, request, body, () => url)
    const service = calls.at(-1)?.split(' ')[0] ?? ''
    roles[service] = [...new Set([...(roles[service] ?? []), String(request.headers['x-amz-security-token'] ?? '')])]
    response.setHeader('date', new Date(Date.now() + state.dateOffsetSeconds * 1000).toUTCString())
    response.writeHead(answer.status, answer.headers).end(request.method === 'HEAD' ? undefined : answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    account: state,
    calls,
    roles,
    env: {
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'example',
      AWS_REGION: 'eu-central-1',
      AWS_CONFIG_FILE: '/nonexistent/config',
      AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials',
    },
    close: () => new Promise((resolve) => {
      server.closeAllConnections()
      server.close(() => resolve())
    }),
  }
}

export type Answer = { status: number; headers: Record<string, string>; body: string }
export const json = (value: unknown, status = 200): Answer => ({ status, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: JSON.stringify(value) })
export const xml = (body: string, status = 200): Answer => ({ status, headers: { 'content-type': 'text/xml' }, body })

function route(state: FakeAccount, calls: string[], request: IncomingMessage, body: string, url: () => string): Answer {
  const service = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? ''
  const action = String(request.headers['x-amz-target'] ?? '').split('.').at(-1) || new URLSearchParams(body).get('Action') || questionOf(request) || request.method
  calls.push(`${service} ${action}`)
  const refusal = state.refuse[`${service} ${action}`] ?? state.refuse[service]
  if (refusal) {
    return ['ecr', 'ecs', 'logs'].includes(service)
      ? json({ __type: refusal.code, message: refusal.message ?? 'refused' }, refusal.status)
      : xml(`<ErrorResponse><Error><Type>Sender</Type><Code>${refusal.code}</Code><Message>refused</Message></Error></ErrorResponse>`, refusal.status)
  }
  if (service === 'sts') return action === 'AssumeRole' ? assumedRole(new URLSearchParams(body).get('RoleArn')) : identity
  if (service === 'ecs' || service === 'logs') {
    const answer = answerOf(state, calls, `${service} ${action}`, JSON.parse(body || '{}') as FakeInput)
    return 'status' in answer ? (answer as Answer) : json(answer)
  }
  if (service === 'iam') return answerOf(state, calls, `iam ${action}`, {}, xml('<GetRoleResponse><GetRoleResult><Role/></GetRoleResult></GetRoleResponse>')) as Answer
  if (service === 's3' && state.stateRole && request.headers['x-amz-security-token'] !== state.stateRole) return xml('', 403)
  if (service === 'ec2') return describeTags(state, new URLSearchParams(body))
  if (service === 'elasticloadbalancing') return targetHealth(answerOf(state, calls, `${service} ${action}`, {}))
  if (service === 's3' && state.bucketStatus) return xml('', state.bucketStatus)
  const question = bucketQuestions[String(action)]
  if (service === 's3' && question) return answerOf(state, calls, `s3 ${action}`, {}, question) as Answer
  if (service === 's3') return s3(state, request, body)
  if (service === 'ecr' && /Scan/.test(String(action))) {
    const answer = answerOf(state, calls, `ecr ${action}`, {}, json({ __type: 'ScanNotFoundException', message: 'not there' }, 400))
    return 'body' in answer ? (answer as Answer) : json(answer)
  }
  return ecr(state, String(action), JSON.parse(body || '{}'), url())
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
function s3({ buckets, objects }: FakeAccount, { method, url, headers }: IncomingMessage, body: string): Answer {
  const { pathname, searchParams } = new URL(url ?? '/', 'http://s3')
  const path = decodeURIComponent(pathname.slice(1))
  const [bucket = ''] = path.split('/')
  if (!buckets.includes(bucket)) return xml('<Error><Code>NoSuchBucket</Code></Error>', 404)
  if (searchParams.get('list-type') === '2') {
    const prefix = `${bucket}/${searchParams.get('prefix')}`
    const keys = Object.keys(objects).filter((each) => each.startsWith(prefix)).sort()
    return xml(`<ListBucketResult>${keys.map((each) => `<Contents><Key>${each.slice(bucket.length + 1)}</Key></Contents>`).join('')}</ListBucketResult>`)
  }
  if (method === 'PUT') {
    if (headers['if-none-match'] === '*' && path in objects) return xml('<Error><Code>PreconditionFailed</Code></Error>', 412)
    objects[path] = body
  }
  if (method !== 'GET') return xml('')
  const text = objects[path]
  return text === undefined ? xml('<Error><Code>NoSuchKey</Code></Error>', 404) : { status: 200, headers: { 'content-type': 'application/json' }, body: text }
}

/** What a bucket that is as it should be answers: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations.html */
const bucketQuestions: Record<string, Answer | undefined> = {
  versioning: xml('<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'),
  encryption: xml('<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>'),
  publicAccessBlock: xml(`<PublicAccessBlockConfiguration>${['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'].map((name) => `<${name}>true</${name}>`).join('')}</PublicAccessBlockConfiguration>`),
}

/** `versioning` of `GET /bucket?versioning`. */
const questionOf = ({ method, url = '' }: IncomingMessage) =>
  method === 'GET' ? Object.keys(bucketQuestions).find((name) => new URL(url, 'http://s3').searchParams.has(name)) : undefined

function answerOf({ answers }: FakeAccount, calls: string[], call: string, input: FakeInput, otherwise: object = {}): object {
  const answer = answers[call.split(' ')[1] ?? ''] ?? otherwise
  return typeof answer === 'function' ? answer(calls.filter((each) => each === call).length, input) : answer
}

/** @param states of the targets by their addresses. https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html */
function targetHealth(states: object): Answer {
  const members = Object.entries(states).map(([id, state]) => `<member><Target><Id>${id}</Id></Target><TargetHealth><State>${state}</State></TargetHealth></member>`)
  return xml(`<DescribeTargetHealthResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><DescribeTargetHealthResult><TargetHealthDescriptions>${members.join('')}</TargetHealthDescriptions></DescribeTargetHealthResult></DescribeTargetHealthResponse>`)
}

// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeTags.html
function describeTags({ tagged = {} }: FakeAccount, asked: URLSearchParams): Answer {
  const ids = asked.get('Filter.1.Name') === 'resource-id' ? [...asked].flatMap(([name, value]) => (name.startsWith('Filter.1.Value') ? value : [])) : Object.keys(tagged)
  const items = ids.flatMap((id) => Object.entries(tagged[id] ?? {}).map(([key, value]) => `<item><resourceId>${id}</resourceId><key>${key}</key><value>${value}</value></item>`))
  return xml(`<DescribeTagsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><tagSet>${items.join('')}</tagSet></DescribeTagsResponse>`)
}

// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
const identity = xml(`<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:user/somebody</Arn><UserId>AIDA</UserId><Account>123456789012</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>`)

// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
const assumedRole = (arn: string | null) =>
  xml(`<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>example</SecretAccessKey><SessionToken>${arn}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>
</Credentials></AssumeRoleResult></AssumeRoleResponse>`)

type EcrInput = { repositoryName?: string; repositoryNames?: string[]; imageIds?: { imageTag?: string; imageDigest?: string }[]; imageTag?: string; imageManifest?: string }

// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_Operations.html
function ecr(state: FakeAccount, action: string, input: EcrInput, url: string): Answer {
  const name = input.repositoryName ?? input.repositoryNames?.[0] ?? ''
  const repository = state.repositories[name]
  if (action === 'GetAuthorizationToken') {
    const authorizationToken = Buffer.from(`AWS:${registryPassword}`).toString('base64')
    return json({ authorizationData: [{ authorizationToken, proxyEndpoint: state.registry ? `http://${state.registry}` : url }] })
  }
  if (!repository) return json({ __type: 'RepositoryNotFoundException', message: 'not there' }, 400)
  const uri = `${state.registry ?? url.replace('http://', '')}/${name}`
  const mutability = repository.immutable ? 'IMMUTABLE' : 'MUTABLE'
  const [id] = input.imageIds ?? []
  if (action === 'DescribeRepositories') return json({ repositories: [{ repositoryName: name, repositoryUri: uri, imageTagMutability: mutability, imageScanningConfiguration: { scanOnPush: repository.immutable } }] })
  if (action === 'DescribeImages') {
    const image = repository.images[id?.imageTag ?? ''] ?? Object.values(repository.images).find(({ digest }) => digest === id?.imageDigest)
    if (!image) return json({ __type: 'ImageNotFoundException', message: 'not there' }, 400)
    return json({ imageDetails: [{ imageDigest: image.digest, imageSizeInBytes: image.size ?? 42_000_000 }] })
  }
  if (action === 'BatchGetImage') {
    const asked = (input.imageIds ?? []).flatMap(({ imageDigest }) => Object.values(repository.images).find(({ digest }) => digest === imageDigest) ?? [])
    const images = asked.map(({ digest: imageDigest, platforms }) => {
      const imageManifest = platforms ? JSON.stringify({ manifests: platforms.map((digest) => ({ digest })) }) : imageDigest
      return { imageId: { imageDigest }, imageManifest, imageManifestMediaType: `application/vnd.oci.image.${platforms ? 'index' : 'manifest'}.v1+json` }
    })
    return json({ images })
  }
  repository.images[input.imageTag ?? ''] = { digest: input.imageManifest ?? '' }
  return json({ image: {} })
}
