import { join } from 'node:path'
import { z } from 'zod'
import { makeTemporaryFolder } from '../platform/temporary-folder.ts'
import type { Say } from '../platform/terminal/terminal.ts'
import { downloadBlob, hasBlob, mountBlob, readManifest, storeManifest, uploadFile, type RegistryRepository, type StoredManifest } from './registry.ts'

const descriptorSchema = z.object({ digest: z.string(), mediaType: z.string().default(''), size: z.number(), urls: z.array(z.string()).optional() })
/** A manifest has a config and layers, an index has manifests: https://github.com/opencontainers/image-spec/blob/v1.1.1/spec.md */
const contentSchema = z.object({
  config: descriptorSchema.optional(),
  layers: z.array(descriptorSchema).default([]),
  manifests: z.array(descriptorSchema).default([]),
})
type Descriptor = z.infer<typeof descriptorSchema>

/**
 * Copies an image between repositories, of one registry or of two, as it is: its digest stays the same, and of an index all
 * platforms come along. Nothing is built and no engine is needed; what is there already is not sent again.
 * @param say is told what goes on
 * @throws RegistryError
 */
export async function copyImage(digest: string, from: RegistryRepository, to: RegistryRepository, tag: string, say: Say): Promise<void> {
  const folder = await makeTemporaryFolder('copy')
  try {
    const image = await readManifest(from, digest)
    await copyContent(image, { from, to, folder: folder.path, say })
    await storeManifest(to, tag, image)
  } finally {
    await folder.remove()
  }
}

type Copy = { from: RegistryRepository; to: RegistryRepository; folder: string; say: Say }

/** What a manifest names has to be there before itself. */
async function copyContent({ bytes }: StoredManifest, copy: Copy): Promise<void> {
  const { config, layers, manifests } = contentSchema.parse(JSON.parse(bytes.toString()))
  for (const { digest } of manifests) {
    const manifest = await readManifest(copy.from, digest)
    await copyContent(manifest, copy)
    await storeManifest(copy.to, digest, manifest)
  }
  // A layer with addresses of its own is fetched from there, by whoever runs the image.
  const blobs = [...layers.filter(({ urls }) => !urls), ...(config ? [config] : [])]
  for (const [index, blob] of blobs.entries()) {
    copy.say(`layer ${index + 1} of ${blobs.length}, ${Math.ceil(blob.size / 1e6)} MB`)
    await copyBlob(blob, copy)
  }
}

async function copyBlob({ digest, mediaType }: Descriptor, { from, to, folder }: Copy): Promise<void> {
  if (await hasBlob(to, digest)) return
  if (from.url === to.url && (await mountBlob(to, from, digest))) return
  const file = join(folder, digest.replace(':', '-'))
  await downloadBlob(from, digest, file)
  await uploadFile(to, mediaType, file, digest)
}
