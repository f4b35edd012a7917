import { join, relative, sep } from 'node:path'
import { CliError } from '../platform/errors.ts'
import { MissingProgramError, run } from '../platform/run.ts'

/** What git knows about files; all paths are absolute. */
export type WorkTree = {
  /** null when it is not known, and then `reason` says why. */
  commit: string | null
  reason: string | null
  /** Changed or new, and there. */
  uncommitted: string[]
  /** Gone, but not from the commit. */
  deleted: string[]
  /** Folders end in a slash. */
  ignored: string[]
}

/**
 * What git knows of a folder, and of a file that may lie elsewhere in the same checkout.
 * @param folder without links on the way
 */
export async function readWorkTree(folder: string, file: string): Promise<WorkTree> {
  const git = (...args: string[]) => run('git', args, { cwd: folder, accept: 'any', env: { LC_ALL: 'C' } })
  const paths = relative(folder, file).startsWith(`..${sep}`) ? ['.', file] : ['.']
  try {
    const [head, top, status] = await Promise.all([
      git('rev-parse', '--verify', 'HEAD'),
      git('rev-parse', '--show-toplevel'),
      git('status', '--porcelain=v1', '-z', '--no-renames', '--untracked-files=all', '--ignored=matching', '--', ...paths),
    ])
    const failed = [top, head, status].find(({ exitCode }) => exitCode !== 0)
    if (failed) return unknown(explainRefusal(failed.stderr, folder))
    return { commit: head.stdout.trim(), reason: null, ...readStatus(status.stdout, top.stdout.replace(/\n$/, '')) }
  } catch (error) {
    if (error instanceof MissingProgramError) return unknown('git is not installed')
    throw error
  }
}

/** Commits between two, newest first: `1f0c3a5 Say why`. */
export type Commits = { lines: string[]; more: number }

/** @returns undefined where git does not know both of them, or the newer does not come after the older */
export async function listCommits(folder: string, from: string, to: string, most = 20): Promise<Commits | undefined> {
  if (![from, to].every((commit) => /^[0-9a-f]{7,64}$/.test(commit))) return undefined
  const range = `${from}..${to}`
  const git = (...args: string[]) => run('git', args, { cwd: folder, accept: 'any', env: { LC_ALL: 'C' } })
  try {
    const [ancestor, log, count] = await Promise.all([
      git('merge-base', '--is-ancestor', from, to),
      git('log', '--format=%h %s', `--max-count=${most}`, range, '--'),
      git('rev-list', '--count', range, '--'),
    ])
    if ([ancestor, log, count].some(({ exitCode }) => exitCode !== 0)) return undefined
    const lines = log.stdout.split('\n').filter(Boolean)
    return { lines, more: Number(count.stdout) - lines.length }
  } catch (error) {
    if (error instanceof MissingProgramError) return undefined
    throw error
  }
}

function readStatus(text: string, top: string): Pick<WorkTree, 'uncommitted' | 'deleted' | 'ignored'> {
  const entries = text.split('\0').filter(Boolean).map((entry) => ({ state: entry.slice(0, 2), path: join(top, entry.slice(3)) }))
  const pathsOf = (wanted: (state: string) => boolean) => entries.filter(({ state }) => wanted(state)).map(({ path }) => path)
  const isGone = (state: string) => state.includes('D') && !state.startsWith('?')
  return {
    uncommitted: pathsOf((state) => state !== '!!' && !isGone(state)),
    deleted: pathsOf(isGone),
    ignored: pathsOf((state) => state === '!!'),
  }
}

/**
 * Writes the files of a commit as a tar.gz.
 * @param repository a bare repository, or a checkout
 * @param tags the first of them that there is
 * @throws CliError when there is none of them, or git refuses
 */
export async function archiveTag(repository: string, tags: string[], file: string): Promise<void> {
  const git = (...args: string[]) => run('git', ['-C', repository, ...args], { accept: 'any', env: { LC_ALL: 'C' } })
  const known = await git('tag', '--list', ...tags)
  if (known.exitCode !== 0) throw new CliError('unavailable', `git reads nothing in ${repository}.`, { cause: explainRefusal(known.stderr, repository) })
  const [tag] = known.stdout.split('\n').filter(Boolean)
  if (tag === undefined) {
    throw new CliError('unavailable', `${repository} has no tag ${tags.join(' or ')}.`, { fix: `Fetch it: git -C ${repository} fetch origin tag ${tags[0]}` })
  }
  const { exitCode, stderr } = await git('archive', '--format=tar.gz', `--output=${file}`, `refs/tags/${tag}`)
  if (exitCode !== 0) throw new CliError('unavailable', `git cannot read ${tag} in ${repository}.`, { cause: stderr.trim() })
}

const unknown = (reason: string): WorkTree => ({ commit: null, reason, uncommitted: [], deleted: [], ignored: [] })

/** https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory */
function explainRefusal(said: string, folder: string): string {
  if (said.includes('dubious ownership')) {
    const [, directory = folder] = /safe\.directory (.+)/.exec(said) ?? []
    return `git reads no checkout of another owner. If you trust it: git config --global --add safe.directory ${directory.trim()}`
  }
  if (said.includes('not a git repository')) return `${folder} is in no git checkout`
  if (said.includes('Needed a single revision')) return 'nothing is committed yet'
  return said.trim().split('\n')[0] ?? 'git failed'
}
