import { text } from 'node:stream/consumers'
import type { Registry } from '../ecr/login.ts'
import { readBlob, readManifest, RegistryError, type Descriptor, type Index, type Manifest, type RegistryRepository } from '../ecr/registry.ts'
import { answers, EngineError, type EngineApi } from '../engine/engine-api.ts'
import type { Scope } from '../records.ts'
import { loadImage, throwWhatWentWrong, type Part } from './load-image.ts'

/** The image could not be pulled; the message is what ECS gives as the reason. */
export class CannotPullContainerError extends Error {}

export type PulledImage = { reference: string; digest?: string; architecture: string; entryPoint: string }

export type Images = {
  /**
   * Pulls an image as ECS does before every start of a task. Those in ECR come from the embedded registry.
   * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html
   * @param scope the task's, whose registry it is
   * @param architecture the one to take where there are several
   * @throws CannotPullContainerError
   */
  pull: (scope: Scope, image: string, architecture: string) => Promise<PulledImage>
}

/** What stands for the embedded registry in the name of an image. */
const ownRegistry = /^(\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com|127\.0\.0\.1:\d+)\//

export function createImages(engine: EngineApi, registry: Registry): Images {
  /** By its digest: tasks that start side by side want the same one. */
  const loading = new Map<string, Promise<void>>()

  const pull = async (scope: Scope, image: string, architecture: string): Promise<PulledImage> => {
    try {
      return await (ownRegistry.test(image) ? take(scope, image.replace(ownRegistry, ''), architecture) : pullFromElsewhere(engine, image))
    } catch (error) {
      if (!(error instanceof EngineError) && !(error instanceof RegistryError)) throw error
      throw new CannotPullContainerError(describe(image, error), { cause: error })
    }
  }

  /** Of the embedded registry: the engine has it already, by whatever name, or is given it. */
  const take = async (scope: Scope, path: string, architecture: string): Promise<PulledImage> => {
    const { name, tag } = splitReference(path)
    const repository = { url: `http://${registry.address}`, name, username: 'AWS', password: registry.password(scope) }
    const named = await readManifest(repository, tag)
    const { digest, manifest } = await choosePlatform(repository, named, architecture)
    const loaded = `localhost/embedded-aws:${digest.replace(':', '-')}`
    const find = () => findImage(engine, [manifest.config.digest, digest, loaded])
    const found = (await find()) ?? (await load(repository, digest, manifest, loaded).then(find))
    if (!found) throw new EngineError(404, `the engine took ${digest}, but does not have it`)
    return { ...found, digest: named.digest }
  }

  const load = (repository: RegistryRepository, digest: string, manifest: Manifest, name: string): Promise<void> => {
    const part = (each: Descriptor): Part => ({ ...each, open: () => readBlob(repository, each.digest) })
    const begin = () => loadImage(engine, name, part(manifest.config), manifest.layers.map(part)).finally(() => loading.delete(digest))
    const known = loading.get(digest) ?? begin()
    loading.set(digest, known)
    return known
  }

  return { pull }
}

type Named = { digest: string; manifest: Manifest | Index }

async function choosePlatform(repository: RegistryRepository, { digest, manifest }: Named, architecture: string): Promise<{ digest: string; manifest: Manifest }> {
  if ('config' in manifest) return { digest, manifest }
  const fitting = manifest.manifests.find(({ platform }) => platform?.os === 'linux' && platform.architecture === architecture)
  const chosen = fitting && (await readManifest(repository, fitting.digest))
  if (chosen && 'config' in chosen.manifest) return { digest: chosen.digest, manifest: chosen.manifest }
  throw new RegistryError(400, `image Manifest does not contain descriptor matching platform 'linux/${architecture}'`)
}

/** By the digest of its configuration, which docker and podman know it by; by that of its manifest, which containerd does; by a name. */
async function findImage(engine: EngineApi, names: string[]): Promise<PulledImage | undefined> {
  for (const reference of names) {
    const image = await inspect(engine, reference).catch((error: unknown) => {
      if (error instanceof EngineError && error.status === 404) return undefined
      throw error
    })
    if (image) return image
  }
  return undefined
}

async function pullFromElsewhere(engine: EngineApi, image: string): Promise<PulledImage> {
  const { name, tag } = splitReference(image)
  const query = { fromImage: name, tag }
  throwWhatWentWrong(await text(await engine.stream('POST', '/images/create', { query })))
  const { digests, ...pulled } = await inspect(engine, image)
  const digest = digests.find((each) => each.startsWith(`${name}@`))?.split('@')[1]
  return { ...pulled, ...(digest && { digest }) }
}

async function inspect(engine: EngineApi, reference: string): Promise<PulledImage & { digests: string[] }> {
  const { Architecture, RepoDigests, Config } = await engine.read(answers.image, 'GET', `/images/${reference}/json`)
  const entryPoint = [...(Config?.Entrypoint ?? []), ...(Config?.Cmd ?? [])][0] ?? ''
  return { reference, architecture: Architecture, entryPoint, digests: RepoDigests ?? [] }
}

function describe(image: string, error: EngineError | RegistryError): string {
  const { name, tag } = splitReference(image)
  const prefix = 'CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref'
  const { message, status } = error
  const isMissing = (error instanceof RegistryError && status === 404) || /manifest.*(unknown|not found)|not found/i.test(message)
  if (isMissing) return `${prefix} ${name}${tag.includes(':') ? '@' : ':'}${tag}: ${image}: not found`
  return `${prefix} ${image}: ${message}`
}

/** The same image by its digest, where that is known. */
export const pinned = (image: string, digest: string | undefined) => (digest ? `${splitReference(image).name}@${digest}` : image)

function splitReference(reference: string): { name: string; tag: string } {
  const [, name = reference, digest, tag] = /^(.+?)(?:@(sha256:[0-9a-f]+)|:([^:/]+))?$/.exec(reference) ?? []
  return { name, tag: digest ?? tag ?? 'latest' }
}
