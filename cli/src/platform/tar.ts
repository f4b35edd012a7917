import { pipeline } from 'node:stream/promises'
import { extract, pack } from 'tar-stream'

/** A tar archive of the files, which only their owner may read. */
export async function packFiles(parts: Record<string, string | Buffer>): Promise<Buffer> {
  const archive = pack()
  for (const [name, content] of Object.entries(parts)) archive.entry({ name, mode: 0o600 }, content)
  archive.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of archive) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** The files of a tar archive by name. @throws where it is none */
export async function unpackFiles(archive: Buffer): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>()
  const reader = extract()
  const read = async () => {
    for await (const entry of reader) {
      const chunks: Buffer[] = []
      for await (const chunk of entry) chunks.push(chunk as Buffer)
      files.set(entry.header.name, Buffer.concat(chunks))
    }
  }
  await Promise.all([pipeline([archive], reader), read()])
  return files
}
