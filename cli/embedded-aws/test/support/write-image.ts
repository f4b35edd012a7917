import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { CreateRepositoryCommand, ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr'
import { pack } from 'tar-stream'
import type { RegistryRepository } from '../../src/ecr/registry.ts'
import type { EmbeddedAws } from './embedded-aws.ts'

const manifestType = 'application/vnd.oci.image.manifest.v1+json'

/** Makes a repository. @returns how to push to it */
export async function createRepository(aws: EmbeddedAws, name: string): Promise<RegistryRepository> {
  const ecr = new ECRClient(aws.client)
  await ecr.send(new CreateRepositoryCommand({ repositoryName: name }))
  const { authorizationData: [login] = [] } = await ecr.send(new GetAuthorizationTokenCommand({}))
  const [username = '', password = ''] = Buffer.from(login?.authorizationToken ?? '', 'base64').toString().split(':')
  return { url: aws.url, name, username, password }
}

/** Writes the test app as an image into the registry, without an engine; the Node in its entry point is not in it. */
export async function writeTestImage(repository: RegistryRepository, tag: string): Promise<void> {
  const tar = pack()
  tar.entry({ name: 'server.mts' }, readFileSync(new URL('./test-app/server.mts', import.meta.url)))
  tar.finalize()
  const layer = gzipSync(await buffer(tar))
  const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'
  const config = { architecture, os: 'linux', config: { Entrypoint: ['/usr/local/bin/node'], Cmd: ['/server.mts'] } }
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestType,
    config: await upload(repository, 'application/vnd.oci.image.config.v1+json', Buffer.from(JSON.stringify(config))),
    layers: [await upload(repository, 'application/vnd.oci.image.layer.v1.tar+gzip', layer)],
  }
  await send(repository, 'PUT', `manifests/${tag}`, Buffer.from(JSON.stringify(manifest)), manifestType)
}

async function upload(repository: RegistryRepository, mediaType: string, bytes: Buffer) {
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  const started = await send(repository, 'POST', 'blobs/uploads/')
  const location = new URL(started.headers.get('location') ?? '', repository.url)
  location.searchParams.set('digest', digest)
  await send(repository, 'PUT', location.href, bytes)
  return { mediaType, digest, size: bytes.length }
}

async function send({ url, name, username, password }: RegistryRepository, method: string, path: string, body?: Buffer, type = 'application/octet-stream') {
  const headers = { 'Content-Type': type, Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
  const answer = await fetch(new URL(path, `${url}/v2/${name}/`), { method, headers, body: body ? new Uint8Array(body) : null })
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  return answer
}
