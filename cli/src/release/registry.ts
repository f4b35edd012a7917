import { createHash } from 'node:crypto'
import { openAsBlob } from 'node:fs'

// The OCI distribution API: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md

/** A registry's answer that is no success. */
export class RegistryError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** One repository of a registry. */
export type RegistryRepository = { url: string; name: string; username: string; password: string }

export const mediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
}

export type Descriptor = { mediaType: string; digest: string; size: number }
export type Manifest = { config: Descriptor; layers: Descriptor[] }

export const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** Uploads what is not there yet. @throws RegistryError */
export async function uploadBlob(repository: RegistryRepository, mediaType: string, bytes: Buffer): Promise<Descriptor> {
  return upload(repository, mediaType, digestOf(bytes), new Blob([new Uint8Array(bytes)]))
}

/** Uploads a file, read as it is sent, unless it is there already. @throws RegistryError */
export async function uploadFile(repository: RegistryRepository, mediaType: string, file: string, digest: string): Promise<Descriptor> {
  return upload(repository, mediaType, digest, await openAsBlob(file))
}

async function upload(repository: RegistryRepository, mediaType: string, digest: string, body: Blob): Promise<Descriptor> {
  const there = await ask(repository, 'HEAD', `blobs/${digest}`).then(() => true, () => false)
  if (!there) {
    const started = await ask(repository, 'POST', 'blobs/uploads/')
    const location = new URL(started.headers.get('location') ?? '', repository.url)
    location.searchParams.set('digest', digest)
    await send(repository, 'PUT', location, { body, type: 'application/octet-stream' })
  }
  return { mediaType, digest, size: body.size }
}

/** @returns the manifest's digest. @throws RegistryError */
export async function putManifest(repository: RegistryRepository, tag: string, manifest: Manifest): Promise<string> {
  const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.manifest, ...manifest }))
  await ask(repository, 'PUT', `manifests/${tag}`, { body: new Blob([new Uint8Array(body)]), type: mediaTypes.manifest })
  return digestOf(body)
}

type Content = { body?: Blob; type?: string }

const ask = (repository: RegistryRepository, method: string, path: string, content: Content = {}) =>
  send(repository, method, new URL(`/v2/${repository.name}/${path}`, repository.url), content)

async function send({ username, password }: RegistryRepository, method: string, url: URL, { body, type }: Content): Promise<Response> {
  const headers = new Headers({ Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` })
  if (type) headers.set('Content-Type', type)
  const answer = await fetch(url, { method, headers, body: body ?? null })
  if (answer.ok) return answer
  throw new RegistryError(answer.status, `${method} ${url.pathname}: ${answer.status} ${(await answer.text()).slice(0, 500)}`)
}
