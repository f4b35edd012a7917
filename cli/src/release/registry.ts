import { createHash } from 'node:crypto'
import { createWriteStream, openAsBlob } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { interruption, throwIfInterrupted } from '../platform/interrupts.ts'

// The OCI distribution API: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md

/** A registry's answer that is no success. */
export class RegistryError extends Error {
  readonly status: number
  readonly method: string
  constructor(status: number, method: string, message: string) {
    super(message)
    this.status = status
    this.method = method
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
  if (!(await hasBlob(repository, digest))) await putBlob(repository, await ask(repository, 'POST', 'blobs/uploads/'), digest, body)
  return { mediaType, digest, size: body.size }
}

/** @param started the answer that says where to */
async function putBlob(repository: RegistryRepository, started: Response, digest: string, body: Blob): Promise<void> {
  const location = new URL(started.headers.get('location') ?? '', repository.url)
  location.searchParams.set('digest', digest)
  await send(repository, 'PUT', location, { body, type: 'application/octet-stream' })
}

export const hasBlob = (repository: RegistryRepository, digest: string): Promise<boolean> =>
  ask(repository, 'HEAD', `blobs/${digest}`).then(() => true, () => false)

/**
 * Asks a registry to take a blob over from another of its own repositories.
 * @returns whether it did; one that does not has opened an upload, which it forgets
 */
export async function mountBlob(to: RegistryRepository, from: RegistryRepository, digest: string): Promise<boolean> {
  const query = new URLSearchParams({ mount: digest, from: from.name })
  const answer = await ask(to, 'POST', `blobs/uploads/?${query}`).catch((error: unknown) => {
    if (error instanceof RegistryError) return undefined
    throw error
  })
  return answer?.status === 201
}

/** Reads a blob into a file. @throws RegistryError, also where it is not what its digest says */
export function downloadBlob(repository: RegistryRepository, digest: string, file: string): Promise<void> {
  return patiently(async () => {
    const { body } = await sendOnce(repository, 'GET', addressOf(repository, `blobs/${digest}`), {})
    const hash = createHash('sha256')
    const hashed = async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        hash.update(chunk)
        yield chunk
      }
    }
    if (body) await pipeline(body as AsyncIterable<Uint8Array>, hashed, createWriteStream(file), { signal: interruption })
    const read = `sha256:${hash.digest('hex')}`
    if (read !== digest) throw new RegistryError(502, 'GET', `GET blobs/${digest}: the registry sent ${read}`)
  })
}

/** A manifest or an index, as the bytes that its digest is of. */
export type StoredManifest = { digest: string; mediaType: string; bytes: Buffer }

const manifestTypes = [
  mediaTypes.manifest,
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]

/** @throws RegistryError with the status 404 where there is none */
export async function readManifest(repository: RegistryRepository, digest: string): Promise<StoredManifest> {
  const answer = await ask(repository, 'GET', `manifests/${digest}`, { accept: manifestTypes.join(', ') })
  const bytes = Buffer.from(await answer.arrayBuffer())
  if (digestOf(bytes) !== digest) throw new RegistryError(502, 'GET', `GET manifests/${digest}: the registry sent ${digestOf(bytes)}`)
  return { digest, mediaType: answer.headers.get('content-type') ?? mediaTypes.manifest, bytes }
}

/** Stores a manifest as it is. @param reference its digest, or a tag. @throws RegistryError */
export async function storeManifest(repository: RegistryRepository, reference: string, { mediaType, bytes }: StoredManifest): Promise<void> {
  await ask(repository, 'PUT', `manifests/${reference}`, { body: new Blob([new Uint8Array(bytes)]), type: mediaType })
}

/** @returns the manifest's digest. @throws RegistryError */
export async function putManifest(repository: RegistryRepository, tag: string, manifest: Manifest): Promise<string> {
  const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.manifest, ...manifest }))
  await ask(repository, 'PUT', `manifests/${tag}`, { body: new Blob([new Uint8Array(body)]), type: mediaTypes.manifest })
  return digestOf(body)
}

type Content = { body?: Blob; type?: string; accept?: string }

const addressOf = ({ url, name }: RegistryRepository, path: string) => new URL(`/v2/${name}/${path}`, url)

const ask = (repository: RegistryRepository, method: string, path: string, content: Content = {}) =>
  send(repository, method, addressOf(repository, path), content)

/** Statuses that AWS calls transient; ECR's layers come from S3, which answers 503 for too many requests. */
const transient = new Set([408, 429, 500, 502, 503, 504])

const send = (repository: RegistryRepository, method: string, url: URL, content: Content) => patiently(() => sendOnce(repository, method, url, content))

/** Tries again after 1, 2 and 4 s what may pass. @throws RegistryError */
async function patiently<Result>(work: () => Promise<Result>, delays = [1, 2, 4]): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    interruption.throwIfAborted()
    const [delay, ...later] = delays
    if (delay === undefined || (error instanceof RegistryError && !transient.has(error.status))) throw error
    await sleep(delay * 1000, undefined, { signal: interruption }).catch(throwIfInterrupted)
    return patiently(work, later)
  }
}

async function sendOnce({ username, password }: RegistryRepository, method: string, url: URL, { body, type, accept }: Content): Promise<Response> {
  const headers = new Headers({ Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` })
  if (type) headers.set('Content-Type', type)
  if (accept) headers.set('Accept', accept)
  const answer = await fetch(url, { method, headers, body: body ?? null, signal: interruption })
  if (answer.ok) return answer
  throw new RegistryError(answer.status, method, `${method} ${url.pathname}: ${answer.status} ${(await answer.text()).slice(0, 500)}`)
}
