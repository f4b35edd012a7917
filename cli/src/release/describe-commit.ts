import { join, relative, sep } from 'node:path'
import type { Content } from './content.ts'
import type { WorkTree } from './git.ts'

/** The commit that content comes from, and what a person should know about it. */
export type CommitDescription = { commit: string | null; notes: string[] }

/**
 * Tells whether what is built is what was committed: a commit with other files in it has `-dirty` behind it.
 */
export function describeCommit({ source, entries, isBundled }: Content, workTree: WorkTree): CommitDescription {
  const { context, dockerfile } = source
  if (workTree.commit === null) return { commit: null, notes: [`The commit is unknown: ${workTree.reason ?? 'git does not tell'}.`] }
  const built = new Set([dockerfile, ...entries.map(({ path }) => join(context, path))])
  const isTest = (path: string) => relative(context, path).startsWith(`test${sep}`)
  const shapes = (path: string) => built.has(path) || (isBundled && !isTest(path))
  const uncommitted = workTree.uncommitted.filter(shapes)
  const deleted = workTree.deleted.filter((path) => !isTest(path))
  const made = isBundled ? join(context, 'dist') + sep : undefined
  const hidden = [...built].filter((path) => !(made && path.startsWith(made)) && workTree.ignored.some((entry) => covers(entry, path)))
  const notes = {
    'Not committed, but in this build': uncommitted,
    'Deleted, but still in the commit': deleted,
    'Ignored by git, but in this build': hidden,
  }
  return {
    commit: workTree.commit + (uncommitted.length + deleted.length > 0 ? '-dirty' : ''),
    notes: Object.entries(notes).filter(([, paths]) => paths.length > 0).map(([what, paths]) => `${what}: ${shorten(paths, context)}`),
  }
}

const covers = (entry: string, path: string) => (entry.endsWith('/') ? path.startsWith(entry) : path === entry)

function shorten(paths: string[], folder: string): string {
  const shown = paths.slice(0, 8).map((path) => relative(folder, path)).join(', ')
  return paths.length > 8 ? `${shown} and ${paths.length - 8} more` : shown
}
