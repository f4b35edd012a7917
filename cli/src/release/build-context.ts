import type { Stats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { CliError } from '../platform/errors.ts'
import { throwIfInterrupted } from '../platform/interrupts.ts'
import { readIgnoreFile, type IgnoreFile, type IgnoreMatch } from './dockerignore.ts'
import { readText, readTextIfThere } from './read-text.ts'

/** What a build reads: a folder and a Dockerfile in it or elsewhere, as absolute paths without links. */
export type BuildSource = { context: string; dockerfile: string }

/** One file, folder or link that `docker build` sends; `path` is POSIX and relative to the context. */
export type ContextEntry = { path: string; stat: Stats }

/**
 * Everything below the context that its ignore file lets through, folders before what they hold, sorted. Sockets are
 * left out, as Docker does. An ignore file named after the Dockerfile counts instead of .dockerignore
 * (https://docs.docker.com/build/concepts/context/#filename-and-location).
 * @throws CliError
 */
export async function listContext({ context, dockerfile }: BuildSource): Promise<ContextEntry[]> {
  const own = await readTextIfThere(`${dockerfile}.dockerignore`)
  const ignoreFile = own === undefined ? join(context, '.dockerignore') : `${dockerfile}.dockerignore`
  const ignore = readIgnoreFile(own ?? (await readTextIfThere(ignoreFile)) ?? '', ignoreFile)
  return listFolder(context, '', ignore, undefined)
}

async function listFolder(context: string, folder: string, ignore: IgnoreFile, above: IgnoreMatch | undefined): Promise<ContextEntry[]> {
  throwIfInterrupted()
  const names = await explainFailure(folder || context, readdir(join(context, folder)))
  const lists = await Promise.all(names.sort().map(async (name) => {
    const path = posix.join(folder, name)
    const match = ignore.match(path, above)
    if (match.ignored && !ignore.hasExceptions) return []
    const stat = await explainFailure(path, lstat(join(context, path)))
    if (stat.isSocket()) return []
    const within = stat.isDirectory() ? await listFolder(context, path, ignore, match) : []
    return match.ignored && within.length === 0 ? [] : [{ path, stat }, ...within]
  }))
  return lists.flat()
}

/** The Dockerfile's text. @throws CliError `usage` when there is none */
export async function readDockerfile({ dockerfile }: BuildSource): Promise<string> {
  return readText(dockerfile, 'Put the app and its Dockerfile into application/, or name it with --dockerfile.')
}

/** Names the file in what the file system refuses. */
export async function explainFailure<Result>(path: string, work: Promise<Result>): Promise<Result> {
  return work.catch((cause: unknown) => {
    throwIfInterrupted()
    throw new CliError('usage', `${path} is in the build context and cannot be read.`, {
      fix: 'Let this user read it, or name it in .dockerignore.',
      cause,
    })
  })
}
