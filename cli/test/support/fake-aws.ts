import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** `platforms`: the digests that an index holds. */
export type FakeImage = { digest: string; size?: number; platforms?: string[] }
export type FakeInput = { desiredStatus?: string; tasks?: string[] }
/** What the fake account holds; tests change it while it runs. */
export type FakeAccount = {
  repositories: Record<string, { immutable: boolean; images: Record<string, FakeImage> }>
  buckets: string[]
  /** What ECS and CloudWatch Logs answer to an action, or how they answer its n-th call; an Answer is sent as it is. */
  answers: Record<string, object | ((call: number, input: FakeInput) => object)>
  /** Answers every call of a service, or of a service's action (`ecr PutImage`), with this status and error code. */
  refuse: Record<string, { status: number; code: string }>
}

export type FakeAws = {
  url: string
  account: FakeAccount
  /** Every call as `service Action`. */
  calls: string[]
  env: Record<string, string>
  close(): Promise<void>
}

export const registryPassword = 'the-password-that-must-not-be-seen'

/** STS, ECR, S3, ECS and CloudWatch Logs as far as the CLI calls them, on a free loopback port; shapes as the services' API references. */
export async function startFakeAws(account: Partial<FakeAccount> = {}): Promise<FakeAws> {
  const state: FakeAccount = { repositories: { webapp: { immutable: true, images: {} } }, buckets: ['state-bucket'], answers: {}, refuse: {}, ...account }
  const calls: string[] = []
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const answer = route(state, calls, request, body, () => url)
    response.writeHead(answer.status, answer.headers).end(request.method === 'HEAD' ? undefined : answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    account: state,
    calls,
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
const xml = (body: string, status = 200): Answer => ({ status, headers: { 'content-type': 'text/xml' }, body })

function route(state: FakeAccount, calls: string[], request: IncomingMessage, body: string, url: () => string): Answer {
  const service = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(request.headers.authorization ?? '')?.[1] ?? ''
  const action = String(request.headers['x-amz-target'] ?? '').split('.').at(-1) || new URLSearchParams(body).get('Action') || request.method
  calls.push(`${service} ${action}`)
  const refusal = state.refuse[`${service} ${action}`] ?? state.refuse[service]
  if (refusal) {
    return ['ecr', 'ecs', 'logs'].includes(service)
      ? json({ __type: refusal.code, message: 'refused' }, refusal.status)
      : xml(`<ErrorResponse><Error><Type>Sender</Type><Code>${refusal.code}</Code><Message>refused</Message></Error></ErrorResponse>`, refusal.status)
  }
  if (service === 'sts') return identity
  if (service === 'ecs' || service === 'logs') {
    const answer = answerOf(state, calls, `${service} ${action}`, JSON.parse(body || '{}') as FakeInput)
    return 'status' in answer ? (answer as Answer) : json(answer)
  }
  if (service === 's3') return xml('', state.buckets.includes((request.url ?? '').split(/[/?]/)[1] ?? '') ? 200 : 404)
  return ecr(state, String(action), JSON.parse(body || '{}'), url())
}

function answerOf({ answers }: FakeAccount, calls: string[], call: string, input: FakeInput): object {
  const answer = answers[call.split(' ')[1] ?? ''] ?? {}
  return typeof answer === 'function' ? answer(calls.filter((each) => each === call).length, input) : answer
}

// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
const identity = xml(`<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:user/somebody</Arn><UserId>AIDA</UserId><Account>123456789012</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>`)

type EcrInput = { repositoryName?: string; repositoryNames?: string[]; imageIds?: { imageTag?: string; imageDigest?: string }[]; imageTag?: string; imageManifest?: string }

// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_Operations.html
function ecr(state: FakeAccount, action: string, input: EcrInput, url: string): Answer {
  const name = input.repositoryName ?? input.repositoryNames?.[0] ?? ''
  const repository = state.repositories[name]
  if (action === 'GetAuthorizationToken') {
    const authorizationToken = Buffer.from(`AWS:${registryPassword}`).toString('base64')
    return json({ authorizationData: [{ authorizationToken, proxyEndpoint: url }] })
  }
  if (!repository) return json({ __type: 'RepositoryNotFoundException', message: 'not there' }, 400)
  const uri = `${url.replace('http://', '')}/${name}`
  const mutability = repository.immutable ? 'IMMUTABLE' : 'MUTABLE'
  const [id] = input.imageIds ?? []
  if (action === 'DescribeRepositories') return json({ repositories: [{ repositoryName: name, repositoryUri: uri, imageTagMutability: mutability }] })
  if (action === 'DescribeImages') {
    const image = id?.imageDigest ? Object.values(repository.images).find(({ digest }) => digest === id.imageDigest) : repository.images[id?.imageTag ?? '']
    if (!image) return json({ __type: 'ImageNotFoundException', message: 'not there' }, 400)
    return json({ imageDetails: [{ imageDigest: image.digest, imageSizeInBytes: image.size ?? 42_000_000 }] })
  }
  if (action === 'BatchGetImage') {
    const { platforms } = Object.values(repository.images).find(({ digest }) => digest === id?.imageDigest) ?? {}
    const imageManifest = platforms ? JSON.stringify({ manifests: platforms.map((digest) => ({ digest })) }) : id?.imageDigest
    return json({ images: [{ imageManifest, imageManifestMediaType: `application/vnd.oci.image.${platforms ? 'index' : 'manifest'}.v1+json` }] })
  }
  repository.images[input.imageTag ?? ''] = { digest: input.imageManifest ?? '' }
  return json({ image: {} })
}
