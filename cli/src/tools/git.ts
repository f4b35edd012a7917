import { relative } from 'node:path'
import { run } from './run.ts'

/** What git knows about the files an image is built from; undefined outside a git checkout. */
export type WorkTree = {
  commit: string
  /** ISO 8601. */
  committedAt: string
  /** Paths below the folder that differ from the commit. */
  uncommitted: string[]
  /** Paths (folders end in `/`) below the folder that git ignores. */
  ignored: string[]
}

export async function readWorkTree(folder: string): Promise<WorkTree | undefined> {
  const git = (...args: string[]) => run('git', args, { cwd: folder, accept: 'any', installHint: 'Install git.' })
  const [head, top, status] = await Promise.all([
    git('log', '-1', '--format=%H%n%cI'),
    git('rev-parse', '--show-toplevel'),
    git('status', '--porcelain=v1', '-z', '--no-renames', '--untracked-files=all', '--ignored=matching', '--', '.'),
  ]).catch(() => [])
  if (!head || !top || !status || head.exitCode !== 0) return undefined
  const [commit = '', committedAt = ''] = head.stdout.split('\n')
  const prefix = relative(top.stdout.trim(), folder)
  const entries = status.stdout.split('\0').filter(Boolean).map((entry) => ({
    ignored: entry.startsWith('!!'),
    path: prefix ? entry.slice(3 + prefix.length + 1) : entry.slice(3),
  }))
  return {
    commit,
    committedAt,
    uncommitted: entries.filter((entry) => !entry.ignored).map((entry) => entry.path),
    ignored: entries.filter((entry) => entry.ignored).map((entry) => entry.path),
  }
}
