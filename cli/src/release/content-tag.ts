import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { interruption } from '../platform/interrupts.ts'
import { explainFailure, readDockerfile, type BuildSource, type ContextEntry } from './build-context.ts'

/** How many hex digits of the hash a tag has: 64 bits, far from any chance of meeting twice in one repository. */
const tagLength = 16

/** What shapes an image. */
export type TagInput = { source: BuildSource; entries: ContextEntry[]; platform: string; buildArgs: Record<string, string> }

/**
 * A tag that names content: what is sent to the builder, the Dockerfile (even where it is not sent), the platform and
 * the build arguments. The same on every machine.
 * @throws CliError
 */
export async function makeContentTag({ source, entries, platform, buildArgs }: TagInput): Promise<string> {
  const dockerfile = await readDockerfile(source)
  const hash = createHash('sha256').update(JSON.stringify([platform, Object.entries(buildArgs).sort(), dockerfile]))
  for (const entry of entries) await addEntry(hash, source.context, entry)
  return hash.digest('hex').slice(0, tagLength)
}

async function addEntry(hash: Hash, context: string, { path, stat }: ContextEntry): Promise<void> {
  const file = join(context, path)
  const content = stat.isSymbolicLink() ? await explainFailure(path, readlink(file)) : stat.isFile() ? await hashFile(file, path) : null
  hash.update(JSON.stringify([path, kindOf(stat), content]))
}

/**
 * The type and the permissions, which COPY keeps. Whether others may write is left out: it follows the umask of whoever
 * checked the files out.
 */
function kindOf(stat: ContextEntry['stat']): number | string {
  return stat.isSymbolicLink() ? 'link' : stat.mode & 0o177755
}

/** As a stream: a file may be larger than memory. */
async function hashFile(file: string, path: string): Promise<string> {
  const hash = createHash('sha256')
  const read = async () => {
    for await (const part of createReadStream(file, { signal: interruption, highWaterMark: 1 << 20 })) hash.update(part as Buffer)
  }
  await explainFailure(path, read())
  return hash.digest('hex')
}
