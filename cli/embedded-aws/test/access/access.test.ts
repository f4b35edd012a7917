// Nobody else gets in: each door, without the key and with it.
import { createHash } from 'node:crypto'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import {
  CreateClusterCommand,
  DescribeClustersCommand,
  DescribeTaskDefinitionCommand,
  ECSClient,
  ListClustersCommand,
  ListTaskDefinitionFamiliesCommand,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs'
import { CreateBucketCommand, GetObjectCommand, ListBucketsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { CreateRepositoryCommand, ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr'
import { DescribeLoadBalancersCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2'
import { cbor } from '@smithy/core/cbor'
import { SignatureV4 } from '@smithy/signature-v4'
import t from 'tap'
import type { Key } from '../../src/access/keys.ts'
import { Sha256 } from '../../src/access/sha256.ts'
import { signChunk, signTrailer } from '../../src/access/sigv4.ts'
import { callOwnApi, statusPath } from '../../src/own-api.ts'
import { startEmbeddedAws } from '../support/embedded-aws.ts'
import { skipFileWithout } from '../support/needs.ts'

skipFileWithout('ministack')

const aws = await startEmbeddedAws({ tasksAre: 'processes', accounts: ['000000000000', '111111111111'] })
t.teardown(aws.stop)
const { accessKeyId } = aws.key
const wrongSecret = { ...aws.client, credentials: { accessKeyId, secretAccessKey: 'x'.repeat(40) } }
const unknownKey = { ...aws.client, credentials: { accessKeyId: '000000000000', secretAccessKey: 'test' } }

/** A request as it is given, with the Host that it is given. */
function send(method: string, path: string, headers: Record<string, string> = {}, body = ''): Promise<{ status: number; body: string; headers: Record<string, unknown> }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: aws.port, method, path, headers, setHost: !('Host' in headers) }, (answer) => {
      text(answer).then((said) => resolve({ status: answer.statusCode ?? 0, body: said, headers: answer.headers }), reject)
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

/** What a client would send. */
async function sign(service: string, more: { path?: string; body?: string; date?: Date; query?: Record<string, string>; headers?: Record<string, string>; key?: Key } = {}) {
  const { path = '/', body = '', date = new Date(), query = {}, headers = {}, key = aws.key } = more
  const credentials = { accessKeyId: key.accessKeyId, secretAccessKey: key.secretAccessKey }
  const signer = new SignatureV4({ credentials, region: 'us-east-1', service, sha256: Sha256, uriEscapePath: service !== 's3' })
  const host = `127.0.0.1:${aws.port}`
  const unsigned = { method: 'POST', protocol: 'http:', hostname: host, path, query, headers: { host, ...headers }, body }
  return { signer, unsigned, signed: await signer.sign(unsigned, { signingDate: date }) }
}

t.test('each protocol refuses a key that nobody issued, and a wrong secret, in its own words', async (t) => {
  await t.rejects(new ECSClient(unknownKey).send(new ListClustersCommand({})), { name: 'UnrecognizedClientException' })
  await t.rejects(new ECSClient(wrongSecret).send(new ListClustersCommand({})), { name: 'InvalidSignatureException' })
  await t.rejects(new ElasticLoadBalancingV2Client(unknownKey).send(new DescribeLoadBalancersCommand({})), { name: 'InvalidClientTokenId' })
  await t.rejects(new ElasticLoadBalancingV2Client(wrongSecret).send(new DescribeLoadBalancersCommand({})), { name: 'SignatureDoesNotMatch' })
  await t.rejects(new S3Client(unknownKey).send(new ListBucketsCommand({})), { name: 'InvalidAccessKeyId' })
  await t.rejects(new S3Client(wrongSecret).send(new ListBucketsCommand({})), { name: 'SignatureDoesNotMatch' })
  t.match(await send('POST', '/', { 'X-Amz-Target': 'AmazonEC2ContainerServiceV20141113.ListClusters' }, '{}'), {
    status: 400,
    body: /MissingAuthenticationTokenException/,
  })
  t.match(await send('GET', '/bucket/key'), { status: 403, body: /<Code>AccessDenied</ })
  const answer = await fetch(new URL('/service/GraniteServiceVersion20100801/operation/DescribeAlarms', aws.url), { method: 'POST', headers: { 'smithy-protocol': 'rpc-v2-cbor' } })
  t.match([answer.status, answer.headers.get('content-type')], [400, 'application/cbor'])
  t.match(cbor.deserialize(new Uint8Array(await answer.arrayBuffer())), { __type: 'MissingAuthenticationTokenException' })
})

t.test('a request that was changed, or is old, is refused', async (t) => {
  const headers = { 'x-amz-target': 'AmazonEC2ContainerServiceV20141113.ListClusters', 'content-type': 'application/x-amz-json-1.1' }
  const { signed } = await sign('ecs', { headers, body: '{}' })
  t.equal((await send('POST', '/', signed.headers, '{}')).status, 200)
  t.match(await send('POST', '/', signed.headers, '{"maxResults":1}'), { status: 400, body: /InvalidSignatureException/ })
  t.match(await send('POST', '/?a=b', signed.headers, '{}'), { status: 400, body: /InvalidSignatureException/ })
  const target = 'AmazonEC2ContainerServiceV20141113.DeleteCluster'
  t.match(await send('POST', '/', { ...signed.headers, 'x-amz-target': target }, '{}'), { status: 400, body: /InvalidSignatureException/ })
  const old = await sign('ecs', { headers, body: '{}', date: new Date(Date.now() - 16 * 60_000) })
  t.match(await send('POST', '/', old.signed.headers, '{}'), { status: 400, body: /InvalidSignatureException.*15 minutes/ })
  const recent = await sign('ecs', { headers, body: '{}', date: new Date(Date.now() - 14 * 60_000) })
  t.equal((await send('POST', '/', recent.signed.headers, '{}')).status, 200)
})

t.test('names that a page of the web could have are refused, those of this machine are not', async (t) => {
  for (const Host of ['attacker.example', 'attacker.example:80', '127.0.0.1.attacker.example', 'localhost.attacker.example', '192.168.1.1', '']) {
    t.equal((await send('GET', '/_embedded-aws/health', { Host })).status, 403, Host)
  }
  for (const Host of [`127.0.0.1:${aws.port}`, 'localhost', `[::1]:${aws.port}`, `bucket.localhost:${aws.port}`]) {
    t.equal((await send('GET', '/_embedded-aws/health', { Host })).status, 200, Host)
  }
})

t.test('ministack keeps paths of its own that are for nobody, with a key or without', async (t) => {
  for (const path of ['/_ministack/reset', '//_ministack/reset', '/%5Fministack/config', '/_ministack/health', '/_localstack/health', '/x/../_ministack/reset']) {
    const { signed } = await sign('s3', { path })
    t.equal((await send('POST', path, signed.headers)).status, 403, path)
    t.equal((await send('POST', path)).status, 403, `${path} without a signature`)
  }
})

t.test('the registry wants the login of ECR', async (t) => {
  const ecr = new ECRClient(aws.client)
  await ecr.send(new CreateRepositoryCommand({ repositoryName: 'web' }))
  const { authorizationData: [login] = [] } = await ecr.send(new GetAuthorizationTokenCommand({}))
  const hours = (Number(login?.expiresAt) - Date.now()) / 3_600_000
  t.ok(hours > 11.9 && hours < 12.1, `it lives for 12 hours (${hours})`)
  const basic = (text: string) => ({ Authorization: `Basic ${Buffer.from(text).toString('base64')}` })
  const password = Buffer.from(login?.authorizationToken ?? '', 'base64').toString()
  t.equal((await send('GET', '/v2/', basic(password))).status, 200)
  const expired = password.replace(/\d+\./, `${Math.floor(Date.now() / 1000) - 1}.`)
  for (const wrong of ['AWS:rehearsal', 'AWS:', `${password}x`, expired, password.replace('AWS', 'root')]) {
    t.match(await send('GET', '/v2/', basic(wrong)), { status: 401, headers: { 'www-authenticate': /^Basic / } }, wrong.slice(0, 12))
  }
  t.equal((await send('POST', '/v2/web/blobs/uploads/')).status, 401)
})

t.test('faults and status are for the key alone', async (t) => {
  t.equal((await send('POST', '/_embedded-aws/faults/capacity', { 'Content-Type': 'application/json' }, '{"unavailable":[]}')).status, 403)
  t.equal((await send('POST', statusPath)).status, 403)
  t.match(await callOwnApi(aws.url, aws.key, statusPath), { services: [], tasks: [], targets: [] })
  t.match(await callOwnApi(aws.url, aws.key, '/_embedded-aws/faults/capacity', { unavailable: [] }), { taskArns: [] })
})

t.test('S3 as its clients sign it: plain, unsigned, in chunks, presigned', async (t) => {
  const s3 = new S3Client({ ...aws.client, forcePathStyle: true })
  await s3.send(new CreateBucketCommand({ Bucket: 'bucket' }))
  const Key = 'a b+c/ü(1).txt'
  await s3.send(new PutObjectCommand({ Bucket: 'bucket', Key, Body: 'plain' }))
  t.equal(await (await s3.send(new GetObjectCommand({ Bucket: 'bucket', Key }))).Body?.transformToString(), 'plain')

  const unsigned = await sign('s3', { path: '/bucket/unsigned', headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } })
  const put = { ...unsigned.unsigned, method: 'PUT' }
  t.equal((await send('PUT', '/bucket/unsigned', (await unsigned.signer.sign(put)).headers, 'any')).status, 200)

  const chunked = { host: put.headers.host, 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'content-encoding': 'aws-chunked', 'x-amz-decoded-content-length': '5', 'x-amz-trailer': 'x-amz-checksum-crc32' }
  const stream = await unsigned.signer.sign({ ...put, path: '/bucket/chunked', headers: chunked })
  t.equal((await send('PUT', '/bucket/chunked', stream.headers, '5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n')).status, 200)
  t.equal(await (await s3.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'chunked' }))).Body?.transformToString(), 'hello')

  const wrongBody = { host: put.headers.host, 'x-amz-content-sha256': createHash('sha256').update('this').digest('hex') }
  const other = await unsigned.signer.sign({ ...put, path: '/bucket/other', headers: wrongBody })
  t.match(await send('PUT', '/bucket/other', other.headers, 'that'), { status: 400, body: /XAmzContentSHA256Mismatch/ })

  const get = { ...put, method: 'GET', path: '/bucket/chunked', headers: { host: put.headers.host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } }
  const presign = async (options: { expiresIn: number; signingDate?: Date }) => {
    const { query = {} } = await unsigned.signer.presign(get, options)
    return `/bucket/chunked?${new URLSearchParams(query as Record<string, string>)}`
  }
  const url = await presign({ expiresIn: 60 })
  t.match(await send('GET', url), { status: 200, body: 'hello' })
  t.equal((await send('GET', url.replace('chunked', 'unsigned'))).status, 403, 'for this object alone')
  const past = await presign({ expiresIn: 60, signingDate: new Date(Date.now() - 61_000) })
  t.match(await send('GET', past), { status: 403, body: /Request has expired/ })
})

// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
t.test('signed chunks: each is verified', async (t) => {
  const path = '/bucket/signed-chunks'
  const date = new Date()
  const amzDate = date.toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const scope = { day: amzDate.slice(0, 8), region: 'us-east-1', service: 's3' }
  const put = async (trailer: string, change: (body: string) => string = (body) => body) => {
    const { signer, unsigned } = await sign('s3', { path })
    const payload = `STREAMING-AWS4-HMAC-SHA256-PAYLOAD${trailer === '' ? '' : '-TRAILER'}`
    const headers = { host: unsigned.headers.host, 'x-amz-content-sha256': payload, 'content-encoding': 'aws-chunked', 'x-amz-decoded-content-length': '10' }
    const signed = await signer.sign({ ...unsigned, method: 'PUT', headers }, { signingDate: date })
    let previous = /Signature=(\w+)/.exec(signed.headers.authorization ?? '')?.[1] ?? ''
    const chunks = ['hello', 'world', ''].map((text) => {
      previous = signChunk(Buffer.from(text), previous, aws.key.secretAccessKey, scope, amzDate)
      return `${text.length.toString(16)};chunk-signature=${previous}\r\n${text}${text === '' ? '' : '\r\n'}`
    })
    const end = trailer === '' ? '' : `${trailer}\r\nx-amz-trailer-signature:${signTrailer(`${trailer}\n`, previous, aws.key.secretAccessKey, scope, amzDate)}\r\n`
    return send('PUT', path, signed.headers, change(`${chunks.join('')}${end}\r\n`))
  }
  const s3 = new S3Client({ ...aws.client, forcePathStyle: true })
  await s3.send(new CreateBucketCommand({ Bucket: 'bucket' })).catch(() => undefined)
  for (const trailer of ['', 'x-amz-checksum-crc32:+esgrQ==']) {
    t.match(await put(trailer), { status: 200 }, trailer)
    t.equal(await (await s3.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'signed-chunks' }))).Body?.transformToString(), 'helloworld')
  }
  const refused = { status: 403, body: /SignatureDoesNotMatch/ }
  t.match(await put('', (body) => body.replace('world', 'w0rld')), refused, 'a chunk after the first')
  t.match(await put('x-amz-checksum-crc32:+esgrQ==', (body) => body.replace('crc32:+', 'crc32:A+')), refused, 'the trailer')
  t.match(await put('', (body) => body.slice(0, -100)), refused, 'cut short')
})

// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html#example-signature-calculations-streaming
t.test('chunks are signed as in the example that AWS gives', async (t) => {
  const scope = { day: '20130524', region: 'us-east-1', service: 's3' }
  const signatures = [
    '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
    'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648',
    '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497',
    'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9',
  ]
  for (const [index, size] of [65_536, 1024, 0].entries()) {
    const signature = signChunk(Buffer.alloc(size, 'a'), signatures[index] ?? '', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', scope, '20130524T000000Z')
    t.equal(signature, signatures[index + 1])
  }
})

t.test('each account has a key and things of its own', async (t) => {
  const [first, second] = ['000000000000', '111111111111'].map((account) => new ECSClient({ ...aws.client, credentials: aws.keys.issued(account) }))
  await second?.send(new CreateClusterCommand({ clusterName: 'elsewhere' }))
  const find = new DescribeClustersCommand({ clusters: ['elsewhere'] })
  t.match((await second?.send(find))?.clusters, [{ clusterArn: 'arn:aws:ecs:us-east-1:111111111111:cluster/elsewhere' }])
  t.same((await first?.send(find))?.clusters, [])
  t.same((await first?.send(new ListClustersCommand({})))?.clusterArns, [])
  t.match((await second?.send(new ListClustersCommand({})))?.clusterArns, [/111111111111/])
  const requiresCompatibilities = ['FARGATE' as const]
  const family = { family: 'web', requiresCompatibilities, networkMode: 'awsvpc' as const, cpu: '256', memory: '512', containerDefinitions: [{ name: 'app', image: 'app' }] }
  await second?.send(new RegisterTaskDefinitionCommand(family))
  t.same((await first?.send(new ListTaskDefinitionFamiliesCommand({})))?.families, [])
  t.same((await second?.send(new ListTaskDefinitionFamiliesCommand({})))?.families, ['web'])
  await t.rejects(async () => first?.send(new DescribeTaskDefinitionCommand({ taskDefinition: 'web' })), { name: 'ClientException' })
})

t.test('keys that STS gives out open it, too, with their token', async (t) => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const body = new URLSearchParams({ Action: 'GetSessionToken', Version: '2011-06-15' }).toString()
  const { signed } = await sign('sts', { headers, body })
  const answer = await send('POST', '/', signed.headers, body)
  const read = (element: string) => new RegExp(`<${element}>([^<]+)<`).exec(answer.body)?.[1] ?? ''
  const credentials = { accessKeyId: read('AccessKeyId'), secretAccessKey: read('SecretAccessKey'), sessionToken: read('SessionToken') }
  await new ECSClient({ ...aws.client, credentials }).send(new ListClustersCommand({}))
  const withoutToken = { accessKeyId: credentials.accessKeyId, secretAccessKey: credentials.secretAccessKey }
  await t.rejects(new ECSClient({ ...aws.client, credentials: withoutToken }).send(new ListClustersCommand({})), { name: 'UnrecognizedClientException' })
})
