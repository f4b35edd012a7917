import { createHash } from 'node:crypto'
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

const descriptor = z.object({ digest: z.string() })
const manifestSchema = z.object({ config: descriptor, layers: z.array(descriptor) })

/** @param reference a tag or a digest. @throws RegistryError */
export async function readManifest(repository: RegistryRepository, reference: string) {
  const bytes = await read(repository, `manifests/${reference}`)
  const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
  return { ...manifestSchema.parse(JSON.parse(bytes.toString())), digest }
}

/** @throws RegistryError */
export const readBlob = (repository: RegistryRepository, digest: string): Promise<Buffer> => read(repository, `blobs/${digest}`)

async function read({ url, name, username, password }: RegistryRepository, path: string): Promise<Buffer> {
  const headers = {
    Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
    Accept: 'application/vnd.oci.image.manifest.v1+json',
  }
  const answer = await fetch(new URL(`/v2/${name}/${path}`, url), { headers })
  if (answer.ok) return Buffer.from(await answer.arrayBuffer())
  throw new RegistryError(answer.status, `GET ${name}/${path}: ${answer.status} ${(await answer.text()).slice(0, 500)}`)
}
