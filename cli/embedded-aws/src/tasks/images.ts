import { text } from 'node:stream/consumers'
import type { Registry } from '../ecr/login.ts'
import type { Scope } from '../records.ts'
import { answers, EngineError, type EngineApi } from './engine-api.ts'

/** The image could not be pulled; the message is what ECS gives as the reason. */
export class CannotPullContainerError extends Error {}

export type PulledImage = { reference: string; digest?: string; architecture: string; entryPoint: string }

/**
 * Pulls an image as ECS does before every start of a task. Images in ECR come from the embedded registry.
 * @param scope the task's, whose registry it is
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html
 * @throws CannotPullContainerError
 */
export async function pullImage(engine: EngineApi, registry: Registry, scope: Scope, image: string): Promise<PulledImage> {
  const reference = image.replace(/^(\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com|127\.0\.0\.1:\d+)\//, `${registry.address}/`)
  const { name, tag } = splitReference(reference)
  try {
    await create(engine, registry, scope, name, tag)
    const { Architecture, RepoDigests, Config } = await engine.read(answers.image, 'GET', `/images/${reference}/json`)
    return {
      reference,
      ...digestOf(RepoDigests ?? [], name),
      architecture: Architecture,
      entryPoint: [...(Config?.Entrypoint ?? []), ...(Config?.Cmd ?? [])][0] ?? '',
    }
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    throw new CannotPullContainerError(describe(image, error.message), { cause: error })
  }
}

async function create(engine: EngineApi, registry: Registry, scope: Scope, name: string, tag: string): Promise<void> {
  const login = name.startsWith(`${registry.address}/`) ? { username: 'AWS', password: registry.password(scope) } : {}
  // The engine wants this alphabet, and the padding that Node leaves out.
  const auth = Buffer.from(JSON.stringify(login)).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
  const query = { fromImage: name, tag }
  const progress = await text(await engine.stream('POST', '/images/create', { query, headers: { 'X-Registry-Auth': auth } }))
  for (const line of progress.split('\n').filter(Boolean)) {
    const { error } = JSON.parse(line) as { error?: string }
    if (error) throw new EngineError(500, error)
  }
}

function describe(image: string, cause: string): string {
  const { name, tag } = splitReference(image)
  const prefix = 'CannotPullContainerError: pull image manifest has been retried 7 time(s): failed to resolve ref'
  if (/manifest.*(unknown|not found)|not found/i.test(cause)) return `${prefix} ${name}${tag.includes(':') ? '@' : ':'}${tag}: ${image}: not found`
  return `${prefix} ${image}: ${cause}`
}

/** The same image by its digest, where that is known. */
export const pinned = (image: string, digest: string | undefined) => (digest ? `${splitReference(image).name}@${digest}` : image)

export function splitReference(reference: string): { name: string; tag: string } {
  const [, name = reference, digest, tag] = /^(.+?)(?:@(sha256:[0-9a-f]+)|:([^:/]+))?$/.exec(reference) ?? []
  return { name, tag: digest ?? tag ?? 'latest' }
}

function digestOf(repoDigests: string[], name: string): { digest?: string } {
  const digest = repoDigests.find((each) => each.startsWith(`${name}@`))?.split('@')[1]
  return digest ? { digest } : {}
}
