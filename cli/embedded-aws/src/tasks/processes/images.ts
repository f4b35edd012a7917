import { createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat, symlink } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { gunzipSync } from 'node:zlib'
import { extract } from 'tar-stream'
import { z } from 'zod'
import { readBlob, readManifest, type RegistryRepository } from '../../ecr/registry.ts'

/** An image whose files lie in a folder. */
export type UnpackedImage = {
  folder: string
  digest: string
  architecture: string
  config: z.infer<typeof configSchema>['config']
}

const configSchema = z.object({
  architecture: z.string(),
  config: z.object({
    Env: z.array(z.string()).default([]),
    Entrypoint: z.array(z.string()).default([]),
    Cmd: z.array(z.string()).default([]),
    WorkingDir: z.string().default('/'),
  }),
})

/**
 * Unpacks an image from a registry below `folder`, once for each digest.
 * @param reference a tag or a digest
 * @throws RegistryError
 */
export async function unpackImage(repository: RegistryRepository, reference: string, folder: string): Promise<UnpackedImage> {
  const { digest, config, layers } = await readManifest(repository, reference)
  const parsed = configSchema.parse(JSON.parse((await readBlob(repository, config.digest)).toString()))
  const target = join(folder, digest.replace(':', '-'))
  if (!(await stat(target).catch(() => undefined))) {
    const work = `${target}.${process.hrtime.bigint()}`
    for (const layer of layers) await unpackLayer(gunzipSync(await readBlob(repository, layer.digest)), work)
    // Another task may have been as quick.
    await rename(work, target).catch(() => rm(work, { recursive: true, force: true }))
  }
  return { folder: target, digest, ...parsed }
}

async function unpackLayer(layer: Buffer, folder: string): Promise<void> {
  const tar = extract()
  tar.end(layer)
  for await (const entry of tar) {
    const { name, type, mode, linkname = '' } = entry.header
    const file = resolve(folder, name)
    if (!file.startsWith(folder + sep)) throw new Error(`${name} lies outside of the image`)
    await mkdir(type === 'directory' ? file : dirname(file), { recursive: true })
    if (type === 'symlink') await symlink(linkname, file)
    if (type === 'file') await pipeline(entry, createWriteStream(file, { mode: mode ?? 0o644 }))
    else entry.resume()
  }
}
