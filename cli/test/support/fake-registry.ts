import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { RegistryRepository } from '../../src/release/registry.ts'

type Stored = { mediaType: string; bytes: Buffer }
/** What one repository holds, by digest; a tag names a manifest, too. */
export type FakeRepository = { blobs: Record<string, Buffer>; manifests: Record<string, Stored> }

export const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/**
 * A registry as https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md says: it takes no manifest before
 * what that names is there.
 */
export async function startFakeRegistry() {
  const state = {
    repositories: {} as Record<string, FakeRepository>,
    /** Whether blobs can be taken over from another repository. */
    mounts: true,
    calls: [] as string[],
    /** The status to answer with, or to cut the connection off in the middle of a blob. */
    fault: (_call: string): number | 'cut' | undefined => undefined,
  }
  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://registry')
    const [, name = '', kind = '', reference = ''] = /^\/v2\/(.+)\/(blobs|manifests)\/(.+)$/.exec(pathname) ?? []
    const { method = '' } = request
    const body = await buffer(request)
    const call = `${method} ${name} ${kind} ${reference}`
    state.calls.push(call)
    const repository = (state.repositories[name] ??= { blobs: {}, manifests: {} })
    const end = (status: number, headers = {}, content?: Buffer | string) => response.writeHead(status, headers).end(method === 'HEAD' ? undefined : content)
    const fault = state.fault(call)
    if (typeof fault === 'number') return end(fault, {}, 'refused')
    if (method === 'POST') {
      const blob = state.repositories[searchParams.get('from') ?? '']?.blobs[searchParams.get('mount') ?? '']
      if (!blob || !state.mounts) return end(202, { location: `/v2/${name}/blobs/uploads?state=1` })
      repository.blobs[digestOf(blob)] = blob
      return end(201)
    }
    if (method === 'PUT' && kind === 'blobs') return (repository.blobs[searchParams.get('digest') ?? ''] = body), end(201)
    if (method === 'PUT' && kind === 'manifests') {
      const { config, layers = [], manifests = [] } = JSON.parse(body.toString()) as { config?: { digest: string }; layers?: { digest: string }[]; manifests?: { digest: string }[] }
      const isWhole = [...layers, ...(config ? [config] : [])].every(({ digest }) => repository.blobs[digest]) && manifests.every(({ digest }) => repository.manifests[digest])
      if (!isWhole) return end(400, {}, 'MANIFEST_BLOB_UNKNOWN')
      const stored = { mediaType: request.headers['content-type'] ?? '', bytes: body }
      repository.manifests[digestOf(body)] = repository.manifests[reference] = stored
      return end(201)
    }
    const manifest = kind === 'manifests' ? repository.manifests[reference] : undefined
    const bytes = manifest?.bytes ?? repository.blobs[reference]
    if (!bytes || (manifest && !request.headers.accept?.includes(manifest.mediaType))) return end(404, {}, 'not there')
    if (fault === 'cut') return void response.writeHead(200, { 'content-length': bytes.length }).write(bytes.subarray(0, 1), () => request.socket.destroy())
    return end(200, { 'content-type': manifest?.mediaType ?? 'application/octet-stream' }, bytes)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return Object.assign(state, {
    url,
    repository: (name: string): RegistryRepository => ({ url, name, username: 'AWS', password: 'password' }),
    close: () => (server.closeAllConnections(), server.close()),
  })
}

/** Puts an image into a fake repository; of several platforms, an index of one each. @returns its digest */
export function storeImage(repository: FakeRepository, platforms: string[]): string {
  const store = (value: object, mediaType: string) => {
    const bytes = Buffer.from(JSON.stringify(value))
    repository.manifests[digestOf(bytes)] = { mediaType, bytes }
    return { digest: digestOf(bytes), mediaType, size: bytes.length }
  }
  const blob = (text: string) => {
    const bytes = Buffer.from(text)
    repository.blobs[digestOf(bytes)] = bytes
    return { digest: digestOf(bytes), mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', size: bytes.length }
  }
  const manifests = platforms.map((platform) =>
    store({ schemaVersion: 2, config: blob(`config of ${platform}`), layers: [blob('base'), blob(`app for ${platform}`)] }, 'application/vnd.oci.image.manifest.v1+json'),
  )
  const [only, ...others] = manifests
  if (only && others.length === 0) return only.digest
  return store({ schemaVersion: 2, manifests }, 'application/vnd.oci.image.index.v1+json').digest
}
