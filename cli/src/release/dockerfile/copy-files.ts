import { open } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { explainFailure, type ContextEntry } from '../build-context.ts'
import { compilePattern } from '../dockerignore.ts'
import { refuse, type Instruction } from './parse.ts'

/** One file, folder or link of an image; `source` is where its content is, and null for a folder that an instruction makes. */
export type ImageFile = { source: ContextEntry | null; mode: number; uid: number; gid: number }
/** By absolute path. */
export type ImageFiles = Map<string, ImageFile>

export type Copy = {
  instruction: Instruction
  sources: string[]
  /** Absolute; ends in a slash where it is a folder. */
  target: string
  context: string
  entries: ContextEntry[]
  /** Whether the image may have an /etc/passwd that names users. */
  knowsUsers: boolean
}

type Owner = { uid: number; gid: number; mode: number | undefined }

/**
 * Copies as COPY does (https://docs.docker.com/reference/dockerfile/#copy): what a folder holds goes into the target; a
 * file becomes the target, or goes into it where it is a folder.
 * @throws CliError `usage`
 */
export async function copyFiles(files: ImageFiles, copy: Copy): Promise<void> {
  const { instruction, sources, context, entries } = copy
  const target = posix.resolve(copy.target)
  const found = sources.flatMap((source) => findSources(instruction, source, entries))
  const intoFolder = copy.target.endsWith('/') || isFolder(files, target)
  if (found.length > 1 && !copy.target.endsWith('/')) throw refuse(instruction, `copies ${found.length} sources: its target has to end in a slash.`)
  const owner = readOwner(copy)
  for (const entry of found) {
    if (!isFile(entry)) copyFolder(files, entry.path, target, owner, copy)
    else {
      if (entry.stat.isSymbolicLink()) throw refuse(instruction, `follows the link ${entry.path}: that needs a container engine.`)
      if (instruction.keyword === 'ADD') await refuseArchive(instruction, entry, context)
      putFile(files, intoFolder ? posix.join(target, posix.basename(entry.path)) : target, entry, owner, instruction)
    }
  }
}

/** Makes a folder and those above it. */
export function makeFolder(files: ImageFiles, path: string, instruction: Instruction, owner: { uid: number; gid: number } = { uid: 0, gid: 0 }): void {
  if (path === '/') return
  makeFolder(files, posix.dirname(path), instruction, owner)
  if (!files.has(path)) files.set(path, { source: null, mode: 0o755, uid: owner.uid, gid: owner.gid })
  if (!isFolder(files, path)) throw refuse(instruction, `needs the folder ${path}, which is a file in the image.`)
}

/** What a source names; the context itself has no entry. */
type Source = ContextEntry | { path: ''; stat: undefined }

const isFile = (source: Source): source is ContextEntry => source.stat !== undefined && !source.stat.isDirectory()

function findSources(instruction: Instruction, source: string, entries: ContextEntry[]): Source[] {
  if (/^(?:https?|ftp|git|ssh):|^git@|\.git(?:#|$)/.test(source)) throw refuse(instruction, `${source} needs a container engine.`)
  const path = posix.resolve('/', source).slice(1)
  if (path === '') return [{ path, stat: undefined }]
  const pattern = compilePattern(path.replaceAll('**', '*'))
  const found = entries.filter((entry) => pattern.test(entry.path))
  if (found.length === 0) throw refuse(instruction, `copies ${source}, which is not in the build context: make it, or let .dockerignore through what is copied.`)
  return found
}

function copyFolder(files: ImageFiles, folder: string, target: string, owner: Owner, { instruction, entries }: Copy): void {
  makeFolder(files, target, instruction, owner)
  const prefix = folder === '' ? '' : `${folder}/`
  for (const entry of entries.filter(({ path }) => path.startsWith(prefix))) {
    putFile(files, posix.join(target, entry.path.slice(prefix.length)), entry, owner, instruction)
  }
}

function putFile(files: ImageFiles, path: string, source: ContextEntry, { uid, gid, mode }: Owner, instruction: Instruction): void {
  makeFolder(files, posix.dirname(path), instruction, { uid, gid })
  if (isFolder(files, path) !== source.stat.isDirectory() && files.has(path)) throw refuse(instruction, `would put ${source.path} in the place of ${path}.`)
  files.set(path, { source, mode: mode ?? source.stat.mode & 0o7777, uid, gid })
}

function isFolder(files: ImageFiles, path: string): boolean {
  const file = files.get(path)
  return path === '/' || (file !== undefined && (file.source?.stat.isDirectory() ?? true))
}

/** https://docs.docker.com/reference/dockerfile/#copy---chown---chmod */
function readOwner({ instruction, knowsUsers }: Copy): Owner {
  const { chown = '0', chmod } = instruction.flags
  const [user = '', group = user] = chown.split(':')
  const names = [user, group].filter((name) => !/^\d+$/.test(name))
  if (names.length > 0 && !knowsUsers) throw refuse(instruction, `--chown=${chown}: an image from scratch knows users and groups by number only.`)
  if (chmod !== undefined && !/^0?[0-7]{3,4}$/.test(chmod)) throw refuse(instruction, `--chmod=${chmod} needs a container engine.`)
  const numberOf = (name: string) => (/^\d+$/.test(name) ? Number(name) : 0)
  return { uid: numberOf(user), gid: numberOf(group), mode: chmod === undefined ? undefined : Number.parseInt(chmod, 8) }
}

/** The first bytes, as hex digits, of what ADD unpacks: gzip, bzip2, xz, zstd; a plain tar has `ustar` at 257. */
const archive = /^(?:1f8b|425a68|fd377a585a00|28b52ffd|.{514}7573746172)/

async function refuseArchive(instruction: Instruction, { path }: ContextEntry, context: string): Promise<void> {
  const read = async () => {
    const file = await open(join(context, path))
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0)
      return buffer.subarray(0, bytesRead).toString('hex')
    } finally {
      await file.close()
    }
  }
  if (archive.test(await explainFailure(path, read()))) throw refuse(instruction, `unpacks ${path}: that needs a container engine.`)
}
