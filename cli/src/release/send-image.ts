import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { z } from 'zod'
import { run } from '../platform/run.ts'
import type { Engine } from './engine.ts'
import { mediaTypes, putManifest, uploadBlob, uploadFile, type RegistryRepository } from './registry.ts'

/** https://github.com/moby/docker-image-spec/blob/v1.3.1/v1.2.md#combined-image-json--filesystem-changeset-format */
const archiveSchema = z.tuple([z.object({ Config: z.string(), Layers: z.array(z.string()) })])

/**
 * Sends an image to a registry that this machine reaches and its engine does not: the engine saves it, and it is uploaded
 * from here. The image's own description stays as it is, so that the engine knows it again.
 * @throws ProgramError, RegistryError
 */
export async function sendImage(engine: Engine, reference: string, repository: RegistryRepository, tag: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'fargate-ctl-image-'))
  try {
    const archive = join(folder, 'image.tar')
    await run(engine, ['save', '--output', archive, reference], { killAfterSeconds: 10 })
    await run('tar', ['-xf', archive, '-C', folder])
    const [{ Config, Layers }] = archiveSchema.parse(JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')))
    const layers = []
    for (const layer of Layers) layers.push(await sendLayer(repository, join(folder, layer)))
    const config = await uploadBlob(repository, mediaTypes.config, await readFile(join(folder, Config)))
    await putManifest(repository, tag, { config, layers })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function sendLayer(repository: RegistryRepository, file: string) {
  const packed = (await isPacked(file)) ? file : `${file}.gz`
  if (packed !== file) await pipeline(createReadStream(file), createGzip({ level: 1 }), createWriteStream(packed))
  const hash = createHash('sha256')
  await pipeline(createReadStream(packed), hash)
  return uploadFile(repository, mediaTypes.layer, packed, `sha256:${hash.digest('hex')}`)
}

/** Newer engines keep layers as they came, by gzip's first two bytes. */
async function isPacked(file: string): Promise<boolean> {
  const handle = await open(file)
  const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0).finally(() => handle.close())
  return buffer.equals(Buffer.from([0x1f, 0x8b]))
}
