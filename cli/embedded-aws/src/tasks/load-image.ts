import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { pack } from 'tar-stream'
import { readBlob, type Manifest, type RegistryRepository } from '../ecr/registry.ts'
import { EngineError, type EngineApi } from '../engine/engine-api.ts'

/**
 * Gives an image of the embedded registry to the engine, as an archive: `docker load` takes one from whoever can reach
 * the engine, while a pull takes an engine that can reach the registry, which one in a virtual or another machine cannot.
 * https://github.com/moby/docker-image-spec/blob/v1.3.1/v1.2.md#combined-image-json--filesystem-changeset-format
 * @param name what the engine calls it from then on
 * @throws EngineError
 */
export async function loadImage(engine: EngineApi, repository: RegistryRepository, { config, layers }: Manifest, name: string): Promise<void> {
  const archive = pack()
  const file = (digest: string) => digest.replace(':', '-')
  const write = async () => {
    const description = [{ Config: file(config.digest), RepoTags: [name], Layers: layers.map(({ digest }) => file(digest)) }]
    archive.entry({ name: 'manifest.json' }, JSON.stringify(description))
    for (const { digest, size } of [config, ...layers]) {
      await pipeline(await readBlob(repository, digest), archive.entry({ name: file(digest), size }))
    }
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
