import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { pack } from 'tar-stream'
import { EngineError, type EngineApi } from '../engine/engine-api.ts'

/** A configuration or a layer. */
export type Part = { digest: string; size: number; open: () => Promise<Readable> }

/**
 * Gives an image to the engine as an archive: an engine takes one from whoever reaches it, while a pull takes an engine
 * that reaches the registry, which one in a virtual or another machine does not.
 * https://github.com/moby/docker-image-spec/blob/v1.3.1/v1.2.md#combined-image-json--filesystem-changeset-format
 * @param name what the engine calls it from then on
 * @throws EngineError
 */
export async function loadImage(engine: EngineApi, name: string, config: Part, layers: Part[]): Promise<void> {
  const archive = pack()
  const file = (digest: string) => digest.replace(':', '-')
  const write = async () => {
    const description = [{ Config: file(config.digest), RepoTags: [name], Layers: layers.map(({ digest }) => file(digest)) }]
    archive.entry({ name: 'manifest.json' }, JSON.stringify(description))
    for (const { digest, size, open } of [config, ...layers]) await pipeline(await open(), archive.entry({ name: file(digest), size }))
    archive.finalize()
  }
  const written = write().catch((error: Error) => void archive.destroy(error))
  const said = await text(await engine.stream('POST', '/images/load', { query: { quiet: '1' }, body: Readable.from(archive) }))
  await written
  throwWhatWentWrong(said)
}

/** An engine that has begun to answer tells what goes wrong in one of its lines. @throws EngineError */
export function throwWhatWentWrong(progress: string): void {
  for (const line of progress.split('\n').filter(Boolean)) {
    const { error } = JSON.parse(line) as { error?: string }
    if (error) throw new EngineError(500, error)
  }
}
