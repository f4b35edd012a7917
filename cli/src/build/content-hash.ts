import dockerignore from '@balena/dockerignore'
import { createHash } from 'node:crypto'
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'

/** How many hex digits of the hash a tag has: 64 bits, far from any chance of meeting twice in one repository. */
const tagLength = 16

/**
 * The files `docker build` would send: everything below `context` that .dockerignore lets through.
 * @returns POSIX paths relative to the context, sorted
 */
export async function listContext(context: string): Promise<string[]> {
  const patterns = await readFile(join(context, '.dockerignore'), 'utf8').catch(() => '')
  const filter = dockerignore.default({ ignorecase: false }).add(patterns)
  const entries = await readdir(context, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(context, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !filter.ignores(path))
    .sort()
}

/**
 * A tag that names content: the same files, modes and build settings give the same tag on every machine.
 * @param settings what else shapes the image: platform and build arguments
 */
export async function hashContext(context: string, files: string[], settings: Record<string, string>): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(Object.entries(settings).sort()))
  for (const path of files) {
    const absolute = join(context, path)
    const stat = await lstat(absolute)
    const content = stat.isSymbolicLink() ? Buffer.from(await readlink(absolute)) : await readFile(absolute)
    const kind = stat.isSymbolicLink() ? 'link' : stat.mode & 0o111 ? 'executable' : 'file'
    hash.update(`\0${path}\0${kind}\0${content.length}\0`).update(content)
  }
  return hash.digest('hex').slice(0, tagLength)
}
