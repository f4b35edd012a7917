import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { z } from 'zod'

// The OCI distribution API, as far as images are read: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md

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

const descriptor = z.object({ digest: z.string(), size: z.number() })
const manifestSchema = z.object({ config: descriptor, layers: z.array(descriptor) })
const indexSchema = z.object({
  manifests: z.array(z.object({ digest: z.string(), platform: z.object({ os: z.string(), architecture: z.string() }).optional() })),
})

export type Descriptor = z.infer<typeof descriptor>
/** Of one platform. */
export type Manifest = z.infer<typeof manifestSchema>

/** An image for each of several platforms, by their digests. */
export type Index = z.infer<typeof indexSchema>

const manifestTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]

/** @param reference a tag or a digest. @throws RegistryError */
export async function readManifest(repository: RegistryRepository, reference: string): Promise<{ digest: string; manifest: Manifest | Index }> {
  const answer = await read(repository, `manifests/${reference}`)
  const bytes = Buffer.from(await answer.arrayBuffer())
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  return { digest, manifest: z.union([manifestSchema, indexSchema]).parse(JSON.parse(bytes.toString())) }
}

/** @throws RegistryError */
export async function readBlob(repository: RegistryRepository, digest: string): Promise<Readable> {
  const { body } = await read(repository, `blobs/${digest}`)
  return body ? Readable.fromWeb(body as ReadableStream) : Readable.from([])
}

async function read({ url, name, username, password }: RegistryRepository, path: string): Promise<Response> {
  const headers = {
    Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
    Accept: manifestTypes.join(', '),
  }
  const answer = await fetch(new URL(`/v2/${name}/${path}`, url), { headers })
  if (answer.ok) return answer
  throw new RegistryError(answer.status, `GET ${name}/${path}: ${answer.status} ${(await answer.text()).slice(0, 500)}`)
}
