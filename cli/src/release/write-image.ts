import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { createHash, type Hash } from 'node:crypto'
import { pack, type Pack } from 'tar-stream'
import { readDockerfile } from './build-context.ts'
import type { TagInput } from './content-tag.ts'
import type { ImageFile, ImageFiles } from './dockerfile/copy-files.ts'
import { readImage, type ImageConfig } from './dockerfile/read-image.ts'
import { mediaTypes, putManifest, uploadBlob, uploadFile, type RegistryRepository } from './registry.ts'

/** An image that was put together on disk. */
export type WrittenImage = {
  /** The image it stands on, of which nothing is in it; undefined for `scratch`. */
  unknownBase: string | undefined
  /** @throws RegistryError */
  push(repository: RegistryRepository, tag: string): Promise<void>
  /** Removes it from the disk. */
  remove(): Promise<void>
}

/**
 * Puts the image that a Dockerfile describes together without a container engine: one layer with what is copied from
 * the context. The base image's files are not in it.
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/spec.md
 * @throws CliError `usage` when the Dockerfile needs an engine
 */
export async function writeImage({ source, entries, platform, buildArgs }: TagInput): Promise<WrittenImage> {
  const text = await readDockerfile(source)
  const { config, files, unknownBase } = await readImage(text, { buildArgs, platform, context: source.context, entries })
  const folder = await mkdtemp(join(tmpdir(), 'fargate-ctl-image-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const layer = await writeLayer(join(folder, 'layer.tar.gz'), source.context, files)
    const description = describeImage(config, platform, layer.diffId)
    return { unknownBase, remove, push: (repository, tag) => pushImage(repository, tag, layer, description) }
  } catch (error) {
    await remove()
    throw error
  }
}

function describeImage(config: ImageConfig, platform: string, diffId: string): Buffer {
  const [os, architecture] = platform.split('/')
  const rootfs = { type: 'layers', diff_ids: [diffId] }
  return Buffer.from(JSON.stringify({ architecture, os, config, rootfs, history: [{ created_by: 'COPY' }] }))
}

async function pushImage(repository: RegistryRepository, tag: string, layer: Layer, description: Buffer): Promise<void> {
  const layers = [await uploadFile(repository, mediaTypes.layer, layer.file, layer.digest)]
  const config = await uploadBlob(repository, mediaTypes.config, description)
  await putManifest(repository, tag, { config, layers })
}

type Layer = { file: string; digest: string; diffId: string }

/** As a stream: the files may be larger than memory. */
async function writeLayer(file: string, context: string, files: ImageFiles): Promise<Layer> {
  const tar = pack()
  const [plain, packed] = [createHash('sha256'), createHash('sha256')]
  const written = pipeline(tar as unknown as Readable, tee(plain), createGzip(), tee(packed), createWriteStream(file))
  const filled = fill(tar, context, files).catch((error: Error) => void tar.destroy(error))
  await Promise.all([written, filled])
  return { file, digest: `sha256:${packed.digest('hex')}`, diffId: `sha256:${plain.digest('hex')}` }
}

function tee(hash: Hash): PassThrough {
  return new PassThrough().on('data', (part: Buffer) => hash.update(part))
}

async function fill(tar: Pack, context: string, files: ImageFiles): Promise<void> {
  for (const [path, file] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) await addFile(tar, context, path.slice(1), file)
  tar.finalize()
}

/** Of no date, so that the same files make the same layer. */
async function addFile(tar: Pack, context: string, name: string, { source, mode, uid, gid }: ImageFile): Promise<void> {
  const header = { name, mode, uid, gid, mtime: new Date(0) }
  if (source === null || source.stat.isDirectory()) return void tar.entry({ ...header, type: 'directory' })
  const file = join(context, source.path)
  if (source.stat.isSymbolicLink()) return void tar.entry({ ...header, type: 'symlink', linkname: await readlink(file) })
  if (source.stat.isFIFO()) return void tar.entry({ ...header, type: 'fifo' })
  await pipeline(createReadStream(file), tar.entry({ ...header, size: source.stat.size }))
}
