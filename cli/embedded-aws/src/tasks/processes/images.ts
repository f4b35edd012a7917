import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, resolve, sep } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { extract } from 'tar-stream'
import { z } from 'zod'

/** An image whose files lie in a folder. */
export type UnpackedImage = {
  folder: string
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

const archiveSchema = z.tuple([z.object({ Config: z.string(), Layers: z.array(z.string()) })])

const descriptionFile = (folder: string, id: string) => join(folder, `${id.replace(':', '-')}.json`)

/** @param id the digest of its configuration. @returns undefined when there is no such image below `folder` */
export async function findImage(id: string, folder: string): Promise<UnpackedImage | undefined> {
  const text = await readFile(descriptionFile(folder, id), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : { folder: join(folder, id.replace(':', '-')), ...configSchema.parse(JSON.parse(text)) }
}

/** Unpacks an archive of one image, whose description and configuration come before its layers, below `folder`. */
export async function unpackImage(archive: Readable, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const work = await mkdtemp(join(folder, 'work-'))
  const tar = extract()
  const read = pipeline(archive, tar)
  let described: z.infer<typeof archiveSchema>[0] | undefined
  let config = ''
  for await (const entry of tar) {
    const { name } = entry.header
    if (name === 'manifest.json') [described] = archiveSchema.parse(JSON.parse(await text(entry)))
    else if (name === described?.Config) config = await text(entry)
    else await unpackLayer(entry, join(work, 'files'))
  }
  await read
  if (!described) throw new Error('the archive holds no image')
  const target = join(folder, described.Config)
  // Another task may have been as quick.
  await rename(join(work, 'files'), target).catch(() => undefined)
  await rm(work, { recursive: true, force: true })
  await writeFile(descriptionFile(folder, described.Config), config)
}

async function unpackLayer(layer: AsyncIterable<unknown>, folder: string): Promise<void> {
  const tar = extract()
  const read = pipeline(Readable.from(layer), createGunzip(), tar)
  for await (const entry of tar) {
    const { name, type, mode, linkname = '' } = entry.header
    const file = resolve(folder, name)
    if (!file.startsWith(folder + sep)) throw new Error(`${name} lies outside of the image`)
    await mkdir(type === 'directory' ? file : dirname(file), { recursive: true })
    if (type === 'symlink') await symlink(linkname, file)
    if (type === 'file') await pipeline(entry, createWriteStream(file, { mode: mode ?? 0o644 }))
    else entry.resume()
  }
  await read
}
