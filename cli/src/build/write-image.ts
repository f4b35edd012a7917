import { lstat, readFile, readlink } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { pack, type Pack } from 'tar-stream'
import { CliError } from '../errors.ts'
import { digestOf, mediaTypes, putManifest, uploadBlob, type RegistryRepository } from '../tools/registry.ts'
import { listContext } from './content-hash.ts'
import { readDockerfile, type ContextCopy } from './dockerfile.ts'

export type ImageSource = {
  /** The folder of the build context, with the Dockerfile. */
  context: string
  tag: string
  platform: string
  buildArgs: Record<string, string>
}

/**
 * Writes the image that a Dockerfile describes to a registry without a container engine: one layer with what is
 * copied from the context. The base image's files are not in it.
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/spec.md
 * @throws CliError `usage` when the Dockerfile needs an engine; RegistryError
 */
export async function writeImage(
  repository: RegistryRepository,
  { context, tag, platform, buildArgs }: ImageSource,
): Promise<void> {
  const { copies, config } = readDockerfile(await readFile(join(context, 'Dockerfile'), 'utf8'), buildArgs)
  const layer = await writeLayer(context, copies, config.WorkingDir ?? '/')
  const image = {
    architecture: platform.split('/')[1],
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
    history: [{ created_by: 'COPY' }],
  }
  const layers = [await uploadBlob(repository, mediaTypes.layer, await promisify(gzip)(layer))]
  const described = await uploadBlob(repository, mediaTypes.config, Buffer.from(JSON.stringify(image)))
  await putManifest(repository, tag, { config: described, layers })
}

async function writeLayer(context: string, copies: ContextCopy[], workingDir: string): Promise<Buffer> {
  const files = await listContext(context)
  const tar = pack()
  const written = buffer(tar)
  for (const copy of copies) {
    for (const { file, target } of expandCopy(files, copy)) {
      await addFile(tar, join(context, file), posix.resolve('/', workingDir, target).slice(1))
    }
  }
  tar.finalize()
  return written
}

/** As COPY does: a folder's content goes into the target, a file to it, or into it where it ends in a slash. */
function expandCopy(files: string[], { sources, target }: ContextCopy): { file: string; target: string }[] {
  return sources.flatMap((source) => {
    const path = posix.normalize(source).replace(/^\/|\/$/g, '')
    const within = files.filter((file) => path === '.' || path === '' || file.startsWith(`${path}/`))
    if (within.length > 0) return within.map((file) => ({ file, target: posix.join(target, posix.relative(path, file)) }))
    if (files.includes(path)) return [{ file: path, target: target.endsWith('/') ? posix.join(target, posix.basename(path)) : target }]
    throw new CliError('usage', `The Dockerfile copies ${source}, which is not in the build context.`, {
      fix: 'Make the file, or let .dockerignore through what is copied. Without a container engine, patterns are not understood.',
    })
  })
}

/** Of no date and owned by root, so that the same files make the same layer. */
async function addFile(tar: Pack, file: string, name: string): Promise<void> {
  const stat = await lstat(file)
  const header = { name, mode: stat.mode & 0o111 ? 0o755 : 0o644, mtime: new Date(0), uid: 0, gid: 0 }
  if (stat.isSymbolicLink()) return void tar.entry({ ...header, type: 'symlink', linkname: await readlink(file) })
  tar.entry(header, await readFile(file))
}
