import { existsSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { CliError } from './errors.ts'

/** The folders a project is made of, as absolute paths. */
export type Project = {
  root: string
  application: string
  infrastructure: string
  /** Git-ignored: installed tools and the rehearsal's state. */
  scratch: string
}

/**
 * Finds the project around `from`: the nearest folder, upwards, that holds infrastructure/. Its installed tools come
 * first on the PATH.
 * @throws CliError `usage` when there is none.
 */
export function findProject(from: string = process.cwd()): Project {
  const start = resolve(from)
  for (let folder = start; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'infrastructure'))) {
      const project = projectAt(folder)
      useInstalledTools(project)
      return project
    }
    if (folder === dirname(folder)) {
      throw new CliError('usage', `No infrastructure/ folder in ${start} or above it.`, {
        fix: 'Run fargate-ctl inside the project, or name its folder with --chdir.',
      })
    }
  }
}

function projectAt(root: string): Project {
  return {
    root,
    application: join(root, 'application'),
    infrastructure: join(root, 'infrastructure'),
    scratch: process.env.FARGATE_CTL_SCRATCH ?? join(root, '.fargate-ctl'),
  }
}

/** What `npm run setup` installed is found before the machine's own programs: the versions it reports are the versions that run. */
function useInstalledTools({ root, scratch }: Project): void {
  const folders = [join(root, 'node_modules', '.bin'), join(scratch, 'tools', 'bin'), join(scratch, 'tools', 'linters', 'bin')]
  process.env.PATH = [...folders, process.env.PATH].filter(Boolean).join(delimiter)
}
