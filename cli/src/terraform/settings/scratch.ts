import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { Project } from '../../platform/project.ts'
import { blank, itemsAround, type Item } from './items.ts'
import { isConfiguration, parseFile, type ConfigurationFile } from './read-files.ts'
import { createSource } from './source.ts'

/**
 * A folder with the files of infrastructure/ and what lies beside it in their places, but for what Terraform reads as configuration: that is written
 * there as far as it is needed. It is readable for this user only, and gone afterwards.
 */
export async function withScratch<Result>(project: Project, work: (folder: string) => Promise<Result>): Promise<Result> {
  const root = await mkdtemp(join(tmpdir(), 'fargate-ctl-settings-'))
  try {
    const folder = join(root, basename(project.infrastructure))
    await mkdir(folder)
    const link = async (from: string, to: string, isWanted: (name: string) => boolean) => {
      const names = (await readdir(from)).filter((name) => !name.startsWith('.terraform') && isWanted(name))
      await Promise.all(names.map((name) => symlink(join(from, name), join(to, name))))
    }
    await link(dirname(project.infrastructure), root, (name) => name !== basename(project.infrastructure))
    await link(project.infrastructure, folder, (name) => !isConfiguration(name))
    return await work(folder)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}

/** A file as Terraform is to see it: parts are taken out, and what stays keeps its line and column. */
export type Draft = ConfigurationFile & { text: string }

export const draftOf = (file: ConfigurationFile): Draft => ({ ...file, text: file.source.text })

/** Takes parts out. */
export async function takeOut(draft: Draft, parts: { start: number; end: number }[]): Promise<void> {
  if (parts.length === 0) return
  for (const { start, end } of parts) draft.text = blank(draft.text, start, end, draft.isJson)
  const { items } = await parseFile(createSource(draft.source.file, draft.text))
  draft.items = items
}

/**
 * The lines around an offset, from one that begins at the margin to the next that does: as much as can be taken out
 * of a file that cannot be parsed. The rest of a JSON file makes no sense without them.
 */
export function brokenPart({ text, isJson }: Draft, offset: number): { start: number; end: number } {
  if (isJson) return { start: 0, end: text.length }
  const starts = [...text.matchAll(/^[\p{L}_"]/gmu)].map(({ index }) => index)
  return { start: starts.findLast((start) => start <= offset) ?? 0, end: starts.find((start) => start > offset) ?? text.length }
}

export const itemsAt = ({ items }: Draft, offset: number): Item[] => itemsAround(items, offset)

export async function writeDrafts(folder: string, drafts: Draft[]): Promise<void> {
  await Promise.all(drafts.map(({ source, text }) => writeFile(join(folder, source.name), (source.marked ? '\uFEFF' : '') + text)))
}
